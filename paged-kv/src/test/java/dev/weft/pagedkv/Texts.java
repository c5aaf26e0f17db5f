package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;

/** Token ids of tests, and the life of a sequence in one line. */
final class Texts {
  private Texts() {}

  /** A text of which every position differs from that of another number. */
  static TokenSequence text(int number, int numTokens) {
    return branch(number, 0, number, numTokens);
  }

  /** Begins like one text and goes on like another. */
  static TokenSequence branch(int number, int numShared, int other, int numTokens) {
    return new TokenSequence() {
      @Override
      public int numTokens() {
        return numTokens;
      }

      @Override
      public int token(int position) {
        return (position < numShared ? number : other) * 1000 + position;
      }

      @Override
      public void copyTokens(int position, int[] target, int offset, int count) {
        for (int i = 0; i < count; i++) {
          target[offset + i] = token(position + i);
        }
      }
    };
  }

  /** Opens a sequence in the plain namespace and computes its text. */
  static void compute(KvCache cache, int sequence, TokenSequence text) {
    cache.open(sequence, KvNamespace.PLAIN, true);
    resume(cache, sequence, text);
  }

  /** Computes the text of a sequence that holds nothing. */
  static void resume(KvCache cache, int sequence, TokenSequence text) {
    int start = cache.match(sequence, text, text.numTokens());
    if (!cache.reserve(sequence, start, text.numTokens())) {
      throw new AssertionError("sequence " + sequence + " does not fit");
    }
    cache.commit(sequence, text, text.numTokens());
  }

  /** Tokens that a new reader with one more token would find. */
  static int found(KvCache cache, int unusedSequence, TokenSequence text) {
    cache.open(unusedSequence, KvNamespace.PLAIN, true);
    TokenSequence longer = new TokenSequence() {
      @Override
      public int numTokens() {
        return text.numTokens() + 1;
      }

      @Override
      public int token(int position) {
        return position < text.numTokens() ? text.token(position) : -1;
      }

      @Override
      public void copyTokens(int position, int[] target, int offset, int count) {
        for (int i = 0; i < count; i++) {
          target[offset + i] = token(position + i);
        }
      }
    };
    int numFound = cache.match(unusedSequence, longer, longer.numTokens());
    cache.close(unusedSequence);
    return numFound;
  }
}
