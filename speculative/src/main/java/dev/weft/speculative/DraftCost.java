package dev.weft.speculative;

/**
 * What drafting itself takes, while the step waits. A draft model computes one round for each
 * depth, all sequences at once; a lookup has no rounds to speak of.
 *
 * @param nanosPerRound for each depth that any sequence drafts to
 * @param nanosPerDraft for each draft wanted
 */
public record DraftCost(double nanosPerRound, double nanosPerDraft) {
  /** Drafts that cost nothing worth counting. */
  public static final DraftCost NONE = new DraftCost(0, 0);

  /** Checks that neither is negative. */
  public DraftCost {
    if (!(nanosPerRound >= 0) || Double.isInfinite(nanosPerRound)) {
      throw new IllegalArgumentException(
          "nanosPerRound is " + nanosPerRound + ", must be 0 or more and finite");
    }
    if (!(nanosPerDraft >= 0) || Double.isInfinite(nanosPerDraft)) {
      throw new IllegalArgumentException(
          "nanosPerDraft is " + nanosPerDraft + ", must be 0 or more and finite");
    }
  }

  /** Nanoseconds for drafting. */
  double nanos(int numRounds, double numDrafts) {
    return nanosPerRound * numRounds + nanosPerDraft * numDrafts;
  }
}
