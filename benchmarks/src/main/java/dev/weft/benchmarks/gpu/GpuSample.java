package dev.weft.benchmarks.gpu;

import java.util.Locale;

/**
 * One run of a batch.
 *
 * @param batch               requests that arrived together
 * @param round               counts from 1
 * @param numTokens           output tokens of all
 * @param seconds             from the submission to the last token
 * @param firstTokenSeconds   median over the requests
 * @param numDecodeTokens     tokens behind the last first token
 * @param decodeSeconds       time that they took
 * @param numSteadySteps      steps that brought them, without the first
 * @param steadySeconds       time that these took, from the end of the first
 * @param steadyDeviceSeconds time that the device spent in these, as it says itself
 */
record GpuSample(String model, int batch, int round, int numTokens, double seconds,
    double firstTokenSeconds, int numDecodeTokens, double decodeSeconds, int numSteadySteps,
    double steadySeconds, double steadyDeviceSeconds) {
  /**
   * Mean time of a decode step in which the device was not in a step: from the end of the last
   * kernel of one to the beginning of the first of the next. NaN for less than two decode steps.
   */
  double idleSeconds() {
    return numSteadySteps == 0
        ? Double.NaN : (steadySeconds - steadyDeviceSeconds) / numSteadySteps;
  }

  /** A line of JSON, as benchmarks/gpu/run reads it. */
  String json(int numPromptTokens, int numOutputTokens, String engine) {
    return String.format(Locale.ROOT, "{\"kind\": \"run\", \"engine\": \"%s\", \"model\": \"%s\","
        + " \"batch\": %d, \"prompt\": %d, \"output\": %d, \"round\": %d, \"tokens\": %d,"
        + " \"seconds\": %.6f, \"first_token_seconds\": %.6f, \"decode_tokens\": %d,"
        + " \"decode_seconds\": %.6f, \"steady_steps\": %d, \"steady_seconds\": %.9f,"
        + " \"steady_device_seconds\": %.9f}", engine, model, batch, numPromptTokens,
        numOutputTokens, round, numTokens, seconds, firstTokenSeconds, numDecodeTokens,
        decodeSeconds, numSteadySteps, steadySeconds, steadyDeviceSeconds);
  }

  /** The same for people. */
  @Override public String toString() {
    String idle = numSteadySteps == 0 ? "" : String.format(Locale.ROOT,
        ", device idle for %.1f us of a step", idleSeconds() * 1e6);
    return String.format(Locale.ROOT,
        "%s, %d requests, round %d: %,.0f tokens/s in all, %,.0f decoding,"
            + " first token after %.1f ms", model, batch, round, numTokens / seconds,
        numDecodeTokens / decodeSeconds, firstTokenSeconds * 1e3) + idle;
  }
}
