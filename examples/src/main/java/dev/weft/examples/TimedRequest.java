package dev.weft.examples;

import dev.weft.schedulerapi.Request;

/**
 * A request and when it arrives.
 *
 * @param offsetNanos     after the start of the run
 * @param hasSharedPrefix whether its prompt begins with the text that others begin with
 */
record TimedRequest(Request request, long offsetNanos, boolean hasSharedPrefix) {
  int numSamples() {
    return request.sampling().numSamples();
  }

  int maxNewTokens() {
    return request.sampling().maxNewTokens();
  }
}
