package dev.weft.examples.slots;

/**
 * The foreign engine: a small language model of letters that keeps the entries of each sequence in
 * a fixed region, its slot. It stands for any engine with a call for prompts and another one for
 * single tokens. One thread calls it, and each call returns when all is computed.
 *
 * <p>The model is one attention head that continues a text as it was continued before (Olsson et
 * al., In-context Learning and Induction Heads, 2022): what was read last, older letters counting
 * less, is the query; what had been read at each earlier position is its key, and the letter behind
 * it the value. Cost of a token: the positions before it.
 */
public class SlotEngine {
  static final int VOCABULARY_SIZE = 128;

  /** Tokens of a tile of a prompt; only its last piece may be no multiple of it. */
  static final int PIECE = 8;

  private static final int WIDTH = 64;
  private static final float OLDER = 0.7f;
  private static final float SHARPNESS = 16;
  private static final float STRENGTH = 10;

  /** {@code [slot][position][WIDTH]}: all that was read up to a position, and so a key. */
  private final float[][][] contexts;

  private final int[][] letters;
  private final int[] lengths;

  /** Takes the memory for so many slots of so many tokens each. */
  public SlotEngine(int numSlots, int maxTokens) {
    contexts = new float[numSlots][maxTokens][WIDTH];
    letters = new int[numSlots][maxTokens];
    lengths = new int[numSlots];
  }

  /** Positions that a slot holds. */
  int length(int slot) {
    return lengths[slot];
  }

  /** Forgets what a slot holds from a position on. */
  void truncate(int slot, int length) {
    lengths[slot] = Math.min(lengths[slot], length);
  }

  /** Appends a piece of a prompt to one slot, and returns the logits behind it. */
  float[] prefill(int slot, int[] piece) {
    for (int letter : piece) {
      append(slot, letter);
    }
    return logits(slot);
  }

  /** Appends a token to each of several slots, and returns the logits behind each. */
  float[][] decode(int[] slots, int[] tokens) {
    float[][] logits = new float[slots.length][];
    for (int i = 0; i < slots.length; i++) {
      append(slots[i], tokens[i]);
      logits[i] = logits(slots[i]);
    }
    return logits;
  }

  private void append(int slot, int letter) {
    int position = lengths[slot]++;
    letters[slot][position] = letter;
    float[] context = contexts[slot][position];
    for (int i = 0; i < WIDTH; i++) {
      float before = position == 0 ? 0 : contexts[slot][position - 1][i];
      context[i] = OLDER * before + feature(letter, i);
    }
  }

  private float[] logits(int slot) {
    int last = lengths[slot] - 1;
    float[] logits = new float[VOCABULARY_SIZE];
    for (int letter = 0; letter < VOCABULARY_SIZE; letter++) {
      logits[letter] = feature(letter, letters[slot][last] % WIDTH);
    }
    // Where nothing was said before, the alphabet goes on.
    logits[(letters[slot][last] + 1) % VOCABULARY_SIZE] += 2;
    float[] query = contexts[slot][last];
    float[] weights = new float[last];
    float sum = 0;
    for (int position = 0; position < last; position++) {
      float[] key = contexts[slot][position];
      // 1 when both are the same, 0 when they have nothing in common.
      double alike = dot(query, key) / Math.sqrt(dot(query, query) * dot(key, key));
      weights[position] = (float) Math.exp(SHARPNESS * alike);
      sum += weights[position];
    }
    for (int position = 0; position < last; position++) {
      logits[letters[slot][position + 1]] += STRENGTH * weights[position] / sum;
    }
    return logits;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < WIDTH; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** One of the {@link #WIDTH} numbers that stand for a letter: 1/8 or -1/8, by a hash. */
  private static float feature(int letter, int index) {
    int hash = (letter * WIDTH + index + 1) * 0x9E3779B9;
    hash = (hash ^ hash >>> 16) * 0x85EBCA6B;
    return (hash ^ hash >>> 13) < 0 ? -0.125f : 0.125f;
  }
}
