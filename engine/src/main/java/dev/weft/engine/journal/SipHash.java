package dev.weft.engine.journal;

/**
 * SipHash-2-4 of growing messages, many at a time (Aumasson, Bernstein, SipHash: a fast short-input
 * PRF, INDOCRYPT 2012). Without the key nobody can tell its values from random numbers, nor find
 * the key from messages with their values.
 *
 * <p>A message is a row of 64-bit words; its value can be taken after each of them. Cost: two
 * rounds of 14 operations a word, four for a value. Lane {@code i} has four longs at {@code 4 * i}.
 */
final class SipHash {
  private static final int NUM_WORDS = 4;
  private final long[] state;
  private final long firstKey;
  private final long secondKey;

  SipHash(int numLanes, long firstKey, long secondKey) {
    state = new long[numLanes * NUM_WORDS];
    this.firstKey = firstKey;
    this.secondKey = secondKey;
  }

  /** Begins an empty message. */
  void reset(int lane) {
    int at = lane * NUM_WORDS;
    state[at] = firstKey ^ 0x736f6d6570736575L;
    state[at + 1] = secondKey ^ 0x646f72616e646f6dL;
    state[at + 2] = firstKey ^ 0x6c7967656e657261L;
    state[at + 3] = secondKey ^ 0x7465646279746573L;
  }

  /** Begins a message that goes on like another one. */
  void copy(int from, int to) {
    System.arraycopy(state, from * NUM_WORDS, state, to * NUM_WORDS, NUM_WORDS);
  }

  /** Appends a word. */
  void add(int lane, long word) {
    int at = lane * NUM_WORDS;
    state[at + 3] ^= word;
    rounds(at, 2);
    state[at] ^= word;
  }

  /**
   * The value of a message that has {@code numWords} words so far, which may go on growing.
   *
   * @param scratch lane to compute in
   */
  long value(int lane, int numWords, int scratch) {
    copy(lane, scratch);
    add(scratch, (long) numWords << 59); // Low byte of the length in bytes, on top of no rest.
    int at = scratch * NUM_WORDS;
    state[at + 2] ^= 0xff;
    rounds(at, 4);
    return state[at] ^ state[at + 1] ^ state[at + 2] ^ state[at + 3];
  }

  private void rounds(int at, int numRounds) {
    long v0 = state[at];
    long v1 = state[at + 1];
    long v2 = state[at + 2];
    long v3 = state[at + 3];
    for (int i = 0; i < numRounds; i++) {
      v0 += v1;
      v2 += v3;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 = Long.rotateLeft(v2, 32);
    }
    state[at] = v0;
    state[at + 1] = v1;
    state[at + 2] = v2;
    state[at + 3] = v3;
  }
}
