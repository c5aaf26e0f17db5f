package dev.weft.speculative;

/** Settings of a {@link SuffixDrafter}; each is checked when it is built. */
public final class SuffixDrafterBuilder {
  int maxNumDraftTokens = 16;
  int maxMatchLength = 24;
  double lengthFactor = 1;
  double lengthOffset;
  double minProbability = 0.1;
  int maxNumSequences = 256;
  int windowSize = 1 << 15;
  int maxNumSharedTokens = 1 << 18;

  SuffixDrafterBuilder() {}

  /** Most drafts of a sequence, 1 to 1,024; default 16. */
  public SuffixDrafterBuilder maxNumDraftTokens(int value) {
    maxNumDraftTokens = value;
    return this;
  }

  /**
   * Most of the last tokens that are compared, 1 to 1,024; default 24. Together with {@code
   * maxNumDraftTokens} it is the depth of a suffix tree of the paper.
   */
  public SuffixDrafterBuilder maxMatchLength(int value) {
    maxMatchLength = value;
    return this;
  }

  /** Drafts for each token that matches, 0 to 100; default 1. */
  public SuffixDrafterBuilder lengthFactor(double value) {
    lengthFactor = value;
    return this;
  }

  /** Drafts beside those, -1,024 to 1,024; default 0. Below 0 short matches give none. */
  public SuffixDrafterBuilder lengthOffset(double value) {
    lengthOffset = value;
    return this;
  }

  /** Least estimated probability that a draft is reached and right, 0 to 1; default 0.1. */
  public SuffixDrafterBuilder minProbability(double value) {
    minProbability = value;
    return this;
  }

  /**
   * Most sequences that live at a time and get drafts, 1 to 65,536; default 256. Should be the
   * scheduler's limit of running sequences, and a few more for those that were preempted.
   */
  public SuffixDrafterBuilder maxNumSequences(int value) {
    maxNumSequences = value;
    return this;
  }

  /**
   * Most tokens of a sequence that are kept, 64 to 2^22; default 32,768. When there are more, all
   * but the last {@code windowSize / 2} are forgotten, which are taken in again.
   */
  public SuffixDrafterBuilder windowSize(int value) {
    windowSize = value;
    return this;
  }

  /** Most tokens of finished outputs that are kept, 0 to 2^23; default 262,144. */
  public SuffixDrafterBuilder maxNumSharedTokens(int value) {
    maxNumSharedTokens = value;
    return this;
  }

  /** @throws IllegalArgumentException names the setting that is out of range, and the range */
  public SuffixDrafter build() {
    Ranges.check("maxNumDraftTokens", maxNumDraftTokens, 1, 1024);
    Ranges.check("maxMatchLength", maxMatchLength, 1, 1024);
    Ranges.check("lengthFactor", lengthFactor, 0, 100);
    Ranges.check("lengthOffset", lengthOffset, -1024, 1024);
    Ranges.check("minProbability", minProbability, 0, 1);
    Ranges.check("maxNumSequences", maxNumSequences, 1, 1 << 16);
    Ranges.check("windowSize", windowSize, 64, 1 << 22);
    Ranges.check("maxNumSharedTokens", maxNumSharedTokens, 0, 1 << 23);
    return SuffixDrafter.of(this);
  }
}
