package dev.weft.gpuexecutor;

/**
 * The counter-based random number generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw, Parallel
 * Random Numbers: As Easy as 1, 2, 3, SC 2011): four words as a pure function of a key and a
 * counter. Whoever knows both draws the same numbers, in any order, on any device.
 */
final class Philox {
  /** Third word of the counter where a token is drawn: {@link GumbelNoise}. */
  static final int PURPOSE_SAMPLING = 0;

  /** Third word of the counter where it is decided on a draft: {@link DraftRejection}. */
  static final int PURPOSE_ACCEPTANCE = 1;

  /** Third word of the counter where a token is drawn behind rejected drafts. */
  static final int PURPOSE_RESIDUAL = 2;

  /** Words of one counter. */
  static final int NUM_WORDS = 4;

  private static final int NUM_ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int KEY_STEP_0 = 0x9E3779B9;
  private static final int KEY_STEP_1 = 0xBB67AE85;
  private static final long LOW_WORD = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * Writes the four words of a counter.
   *
   * @param key its low half is the first key word
   * @param words {@code int[4]}
   */
  static void generate(long key, int c0, int c1, int c2, int c3, int[] words) {
    int key0 = (int) key;
    int key1 = (int) (key >>> 32);
    int x0 = c0;
    int x1 = c1;
    int x2 = c2;
    int x3 = c3;
    for (int round = 0; round < NUM_ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (x0 & LOW_WORD);
      long product1 = MULTIPLIER_1 * (x2 & LOW_WORD);
      x0 = (int) (product1 >>> 32) ^ x1 ^ key0;
      x1 = (int) product1;
      x2 = (int) (product0 >>> 32) ^ x3 ^ key1;
      x3 = (int) product0;
      key0 += KEY_STEP_0;
      key1 += KEY_STEP_1;
    }
    words[0] = x0;
    words[1] = x1;
    words[2] = x2;
    words[3] = x3;
  }
}
