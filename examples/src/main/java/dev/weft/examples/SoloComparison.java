package dev.weft.examples;

import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.gpuexecutor.SoloOutput;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Every sample of every request once more, alone and from its first token: another path than the
 * served one, without scheduler, KV blocks or plan.
 *
 * @param numEqual    requests of which every sample has the same tokens and the same end
 * @param differences for every other one, where its first differing sample parts
 * @param nanos       time that the decoder took for all
 */
record SoloComparison(int numEqual, List<String> differences, long nanos) {
  /** Decodes one sample after another and compares each with what was served. */
  static SoloComparison of(List<TimedRequest> requests, ServedOutputs served, SoloDecoder decoder,
      LiveDisplay display) {
    List<String> differences = new ArrayList<>();
    long startNanos = System.nanoTime();
    for (int i = 0; i < requests.size(); i++) {
      String difference = firstDifference(requests.get(i).request(), served, decoder);
      if (!difference.isEmpty()) {
        differences.add(difference);
      }
      display.showAlone(i + 1, requests.size());
    }
    long nanos = System.nanoTime() - startNanos;
    return new SoloComparison(requests.size() - differences.size(), differences, nanos);
  }

  /** Decodes all samples, also behind a difference, so that the time is that of all. */
  private static String firstDifference(Request request, ServedOutputs served,
      SoloDecoder decoder) {
    int[] prompt = new int[request.numPromptTokens()];
    request.copyPromptTokens(0, prompt, 0, prompt.length);
    SamplingParameters sampling = request.sampling();
    String first = "";
    for (int j = 0; j < sampling.numSamples(); j++) {
      SoloOutput alone = decoder.decode(prompt, sampling, Workload.seed(request, j));
      String difference = difference(served.sample((int) request.id(), j), alone);
      if (first.isEmpty() && !difference.isEmpty()) {
        first = "request " + request.id() + " sample " + j + ": " + difference;
      }
    }
    return first;
  }

  private static String difference(SampleOutput together, SoloOutput alone) {
    int[] tokens = together.tokens();
    int at = Arrays.mismatch(tokens, alone.tokens());
    if (at >= 0) {
      return "output token " + at + " is " + tokenAt(tokens, at) + ", alone "
          + tokenAt(alone.tokens(), at);
    }
    return together.finishReason() == alone.finishReason() ? ""
        : "it ended with " + together.finishReason() + ", alone with " + alone.finishReason();
  }

  private static String tokenAt(int[] tokens, int index) {
    return index < tokens.length ? String.valueOf(tokens[index]) : "missing";
  }
}
