package dev.weft.testkit;

/**
 * A seeded source of choices, equal on every machine and JDK: SplitMix64 (Steele, Lea, Flood, Fast
 * Splittable Pseudorandom Number Generators, OOPSLA 2014).
 */
public final class SplitMix {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private long state;

  /** Generators of the same seed make the same choices. */
  public SplitMix(long seed) {
    state = seed;
  }

  public long nextLong() {
    return HashModel.mix(state += GOLDEN_GAMMA);
  }

  /** 0 to {@code bound}, exclusive. */
  public int below(int bound) {
    return (int) Long.remainderUnsigned(nextLong(), bound);
  }

  /** {@code min} to {@code max}, both included. */
  public int between(int min, int max) {
    return min + below(max - min + 1);
  }

  /** True once in {@code times} times. */
  public boolean oneIn(int times) {
    return below(times) == 0;
  }

  /** One of the values. */
  public int oneOf(int... values) {
    return values[below(values.length)];
  }

  /** A generator whose choices do not depend on how many this one makes afterwards. */
  public SplitMix split() {
    return new SplitMix(nextLong());
  }
}
