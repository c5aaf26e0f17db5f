package dev.weft.engine;

/**
 * One output token of one sample.
 *
 * @param sampleIndex which sample of the request, from 0
 * @param outputIndex its place among the output tokens of the sample, from 0
 * @param token       the token id
 */
public record OutputToken(int sampleIndex, int outputIndex, int token) {}
