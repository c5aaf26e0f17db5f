package dev.weft.examples;

import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.gpuexecutor.SoloOutput;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.ArrayList;
import java.util.List;

/**
 * Every sample of every request once more, alone and from its first token: another path than the
 * served one, without scheduler, KV blocks or plan.
 *
 * @param numEqual         requests of which every sample has the same tokens and the same end
 * @param numRounded       requests that differ, but only where rounding decides between tokens
 * @param numRoundedTokens tokens at which they do
 * @param differences      for every other one, where its first differing sample parts
 * @param nanos            time that the decoder took to decode all
 */
record SoloComparison(
    int numEqual, int numRounded, int numRoundedTokens, List<String> differences, long nanos) {
  /**
   * Decodes one sample after another and compares each with what was served.
   *
   * @param tolerance of the executor that served, see {@link SampleComparison}
   */
  static SoloComparison of(List<TimedRequest> requests, ServedOutputs served, SoloDecoder decoder,
      LiveDisplay display, float tolerance) {
    Comparer comparer = new Comparer(served, decoder, tolerance);
    for (int i = 0; i < requests.size(); i++) {
      comparer.compare(requests.get(i).request());
      display.showAlone(i + 1, requests.size());
    }
    return comparer.comparison();
  }

  /** Counts. */
  private static final class Comparer {
    private final ServedOutputs served;
    private final SoloDecoder decoder;
    private final float tolerance;
    private final List<String> differences = new ArrayList<>();
    private int numEqual;
    private int numRounded;
    private int numRoundedTokens;
    private long nanos;

    Comparer(ServedOutputs served, SoloDecoder decoder, float tolerance) {
      this.served = served;
      this.decoder = decoder;
      this.tolerance = tolerance;
    }

    /** Decodes all samples, also behind a difference, so that the time is that of all. */
    void compare(Request request) {
      int[] prompt = new int[request.numPromptTokens()];
      request.copyPromptTokens(0, prompt, 0, prompt.length);
      SamplingParameters sampling = request.sampling();
      int numRoundedHere = 0;
      String difference = "";
      for (int j = 0; j < sampling.numSamples(); j++) {
        long seed = Workload.seed(request, j);
        long startNanos = System.nanoTime();
        SoloOutput alone = decoder.decode(prompt, sampling, seed);
        nanos += System.nanoTime() - startNanos;
        SampleComparison sample = SampleComparison.of(served.sample((int) request.id(), j), alone,
            prompt, sampling, seed, decoder, tolerance);
        numRoundedHere += sample.numRounded();
        if (difference.isEmpty() && !sample.difference().isEmpty()) {
          difference = "request " + request.id() + " sample " + j + ": " + sample.difference();
        }
      }
      if (!difference.isEmpty()) {
        differences.add(difference);
      } else if (numRoundedHere == 0) {
        numEqual++;
      } else {
        numRounded++;
      }
      numRoundedTokens += numRoundedHere;
    }

    SoloComparison comparison() {
      return new SoloComparison(numEqual, numRounded, numRoundedTokens, differences, nanos);
    }
  }
}
