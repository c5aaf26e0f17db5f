package dev.weft.benchmarks;

import java.util.Random;

/**
 * Text that repeats itself and other text as language does: half of it are phrases that all texts
 * have in common, some far more frequent than others, a quarter are copies from earlier in the same
 * text, and a quarter single tokens.
 */
final class RepetitiveText {
  private static final int VOCABULARY_SIZE = 32_000;
  private static final int NUM_PHRASES = 2_000;
  private static final int MAX_PHRASE_LENGTH = 12;

  private RepetitiveText() {}

  /** A text of its own for each seed. */
  static int[] ofSeed(long seed, int numTokens) {
    Random random = new Random(seed);
    int[] text = new int[numTokens];
    int length = 0;
    while (length < numTokens) {
      int kind = random.nextInt(6);
      int numAdded = Math.min(numTokens - length, 3 + random.nextInt(MAX_PHRASE_LENGTH - 2));
      if (kind < 2) {
        int phrase = (int) (NUM_PHRASES * Math.pow(random.nextDouble(), 3));
        for (int i = 0; i < numAdded; i++) {
          text[length++] = (phrase * 131 + i * i * 37) % VOCABULARY_SIZE;
        }
      } else if (kind == 2 && length > numAdded) {
        System.arraycopy(text, random.nextInt(length - numAdded), text, length, numAdded);
        length += numAdded;
      } else {
        text[length++] = (int) (VOCABULARY_SIZE * Math.pow(random.nextDouble(), 4));
        if (length < numTokens) {
          text[length++] = (int) (VOCABULARY_SIZE * Math.pow(random.nextDouble(), 4));
        }
      }
    }
    return text;
  }
}
