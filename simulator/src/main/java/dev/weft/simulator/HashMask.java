package dev.weft.simulator;

import dev.weft.schedulerapi.TokenMask;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.testkit.SplitMix;
import java.util.function.LongSupplier;

/**
 * A mask that permits about every other token, as a function of the tokens before; with luck it is
 * not ready at first, permits nothing at one position, or throws there.
 */
final class HashMask implements TokenMask {
  private enum Misdeed { NONE, PERMITS_NOTHING, THROWS }

  private final long seed;
  private final int vocabularySize;
  private final Misdeed misdeed;
  private final int misdeedPosition;
  private final long readyNanos;
  private final LongSupplier clock;

  private HashMask(long seed, int vocabularySize, Misdeed misdeed, int misdeedPosition,
      long readyNanos, LongSupplier clock) {
    this.seed = seed;
    this.vocabularySize = vocabularySize;
    this.misdeed = misdeed;
    this.misdeedPosition = misdeedPosition;
    this.readyNanos = readyNanos;
    this.clock = clock;
  }

  /** Draws a mask for a request with such a prompt. */
  static HashMask draw(SplitMix random, int vocabularySize, int numPromptTokens,
      LongSupplier clock) {
    Misdeed misdeed = random.oneIn(6) ? Misdeed.values()[random.below(3)] : Misdeed.NONE;
    return new HashMask(random.nextLong(), vocabularySize, misdeed,
        numPromptTokens + random.below(8),
        clock.getAsLong() + (random.oneIn(2) ? 1_000_000L * random.below(200) : 0), clock);
  }

  @Override public boolean fill(TokenSequence tokens, int sampleIndex, long[] words) {
    if (clock.getAsLong() < readyNanos) {
      return false;
    }
    int position = tokens.numTokens();
    if (misdeed == Misdeed.THROWS && position == misdeedPosition) {
      throw new IllegalStateException("no mask at position " + position);
    }
    SplitMix bits = new SplitMix(seed + 31L * position + tokens.token(position - 1));
    int always = bits.below(vocabularySize);
    for (int token = 0; token < vocabularySize; token++) {
      boolean isPermitted = token == always || bits.oneIn(2);
      if (isPermitted && !(misdeed == Misdeed.PERMITS_NOTHING && position == misdeedPosition)) {
        words[token >> 6] |= 1L << token;
      }
    }
    return true;
  }
}
