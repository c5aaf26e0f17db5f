package dev.weft.examples.planted.pagedkv;

/** What another module must not use. */
public final class Sibling {}
