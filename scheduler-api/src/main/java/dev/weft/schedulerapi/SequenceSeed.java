package dev.weft.schedulerapi;

/**
 * The key under which a sequence draws its random numbers. It is part of the numerics contract,
 * because whoever recomputes a request outside the scheduler must arrive at the same key.
 */
public final class SequenceSeed {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private SequenceSeed() {}

  /**
   * The seed of one sample of a request: the request's own for sample 0, a mix of seed and index
   * for the others (the finaliser of SplitMix64: Steele, Lea, Flood, Fast Splittable Pseudorandom
   * Number Generators, OOPSLA 2014).
   *
   * @param sampleIndex 0 or more
   */
  public static long ofSample(long requestSeed, int sampleIndex) {
    return sampleIndex == 0 ? requestSeed : mix(requestSeed + sampleIndex * GOLDEN_GAMMA);
  }

  /**
   * The seed of a request that brought none: a mix of the scheduler's seed and the request's
   * number.
   */
  public static long ofRequest(long schedulerSeed, long requestNumber) {
    return mix(schedulerSeed ^ mix(requestNumber + GOLDEN_GAMMA));
  }

  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
