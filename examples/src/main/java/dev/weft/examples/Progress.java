package dev.weft.examples;

/**
 * How far serving has come.
 *
 * @param elapsedNanos since the start
 * @param numFinished  requests that have ended
 * @param numRequests  requests of the run
 * @param numRunning   sequences that hold KV blocks
 * @param numWaiting   sequences that have arrived and hold none
 * @param numTokens    output tokens so far
 */
record Progress(long elapsedNanos, int numFinished, int numRequests, int numRunning,
    int numWaiting, int numTokens) {
  double elapsedSeconds() {
    return elapsedNanos * 1e-9;
  }
}
