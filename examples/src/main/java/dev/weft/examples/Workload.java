package dev.weft.examples;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceSeed;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The requests of the run. Their mix is fixed: prompts of 8 to 512 tokens, three in eight of them
 * behind a prefix of 200 tokens; outputs of at most 16 to 160 tokens; every other one greedy, the
 * rest drawn at a temperature of 0.8, and a few of these with four samples. Ids count from 0.
 */
final class Workload {
  /** How fast requests arrive: faster than they can be served, so that some have to wait. */
  enum Pace {
    /** Several at once keep the processors of a host busy. */
    OF_A_HOST(6_000_000),
    /** A device that is many times as fast. */
    OF_A_GPU(200_000);

    private final long meanGapNanos;

    Pace(long meanGapNanos) {
      this.meanGapNanos = meanGapNanos;
    }
  }

  private static final long SEED = 1813;
  private static final int[] MAX_NEW_TOKENS = {16, 96, 32, 160, 24, 128, 48, 64};
  private static final float TEMPERATURE = 0.8f;
  private static final int NUM_PARALLEL_SAMPLES = 4;

  private Workload() {}

  /**
   * Makes the first requests of the mix, in the order of their arrival.
   *
   * @param stopTokenIds tokens that end an output
   */
  static List<TimedRequest> of(
      Prompts prompts, int numRequests, Pace pace, int... stopTokenIds) {
    Arrivals arrivals = new Arrivals(SEED, pace.meanGapNanos);
    List<TimedRequest> requests = new ArrayList<>();
    for (int i = 0; i < numRequests; i++) {
      boolean isShared = hasSharedPrefix(i);
      int[] tokens = isShared ? prompts.behindSharedPrefix(i) : prompts.prompt(i);
      Request request = Request.builder(i, tokens).sampling(sampling(i, stopTokenIds)).build();
      requests.add(new TimedRequest(request, arrivals.nextOffsetNanos(), isShared));
    }
    return requests;
  }

  private static boolean hasSharedPrefix(int index) {
    return switch (index % 8) {
      case 1, 4, 6 -> true;
      default -> false;
    };
  }

  private static SamplingParameters sampling(int index, int[] stopTokenIds) {
    SamplingParameters.Builder sampling = SamplingParameters.builder()
        .maxNewTokens(MAX_NEW_TOKENS[(index + index / 8) % MAX_NEW_TOKENS.length])
        .stopTokenIds(stopTokenIds)
        .seed(SEED + index);
    if (index % 2 == 1) {
      sampling.temperature(TEMPERATURE);
    }
    if (hasManySamples(index)) {
      sampling.numSamples(NUM_PARALLEL_SAMPLES);
    }
    return sampling.build();
  }

  /** The key under which a sample of a request of this workload draws its random numbers. */
  static long seed(Request request, int sampleIndex) {
    long seed = Objects.requireNonNull(request.sampling().seed());
    return SequenceSeed.ofSample(seed, sampleIndex);
  }

  private static boolean hasManySamples(int index) {
    return index % 16 == 5 || index % 32 == 11;
  }
}
