package dev.weft.gpuexecutor;

/**
 * Finds out whether {@link Math#fma(float, float, float)} is one machine instruction here. Without
 * it (x86 before 2013, or a JVM told not to use it) the JDK computes every fma with BigDecimal:
 * right, but about a thousand times too slow to run a model, so the host executor refuses to start.
 *
 * <p>There is no portable way to ask the JVM, so this measures: even interpreted, an intrinsic
 * takes tens of nanoseconds; BigDecimal takes half a microsecond when compiled, and far more
 * before.
 */
final class HardwareFma {
  private static final int NUM_TRIES = 20;
  private static final int CALLS_PER_TRY = 50;
  private static final long MAX_NANOS_PER_CALL = 200;

  private HardwareFma() {}

  /**
   * Takes well under a millisecond with hardware support, some milliseconds without.
   *
   * @throws UnsupportedOperationException when fused multiply-add is emulated
   */
  static void require() {
    if (!isPresent()) {
      throw new UnsupportedOperationException(
          "this JVM emulates Math.fma: the host executor needs a CPU with fused multiply-add"
              + " (x86 with FMA3 or any 64-bit ARM) and -XX:+UseFMA, which is the default there");
    }
  }

  /** The fastest of several tries decides, so that a pause of the thread does not. */
  static boolean isPresent() {
    float sum = 1;
    for (int i = 0; i < NUM_TRIES; i++) {
      long start = System.nanoTime();
      for (int j = 0; j < CALLS_PER_TRY; j++) {
        sum = Math.fma(sum, 0.75f, 0.3f);
      }
      boolean isFast = System.nanoTime() - start < MAX_NANOS_PER_CALL * CALLS_PER_TRY;
      if (isFast && sum > 0) {
        return true;
      }
    }
    return false;
  }
}
