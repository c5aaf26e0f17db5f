package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;

/** The same number of drafts for every sequence, where there is room for them. */
public final class FixedDraftLength implements DraftLengthPolicy {
  private final int numDraftTokens;

  /** @param numDraftTokens 0 or more; 0 drafts nobody */
  public FixedDraftLength(int numDraftTokens) {
    if (numDraftTokens < 0) {
      throw new IllegalArgumentException(
          "numDraftTokens is " + numDraftTokens + ", must be 0 or more");
    }
    this.numDraftTokens = numDraftTokens;
  }

  @Override public void choose(DraftLengths lengths) {
    for (int i = 0; i < lengths.numSequences(); i++) {
      lengths.set(i, Math.min(numDraftTokens, lengths.maxNumDraftTokens(i)));
    }
  }
}
