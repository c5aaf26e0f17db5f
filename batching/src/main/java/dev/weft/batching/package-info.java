/** The scheduler: a single-threaded state machine that decides what every step computes. */
package dev.weft.batching;
