package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;
import java.util.Objects;

/**
 * Takes blocks from the least urgent sequence; among equals from the one with the fewest computed
 * tokens, which is the cheapest to compute again, and among those from the newest. Never takes from
 * a more urgent one than the needy, nor from the most urgent with the most work done: that one
 * always gets to its end. Users of vLLM asked for this order (its RFC 54644, 2026), since
 * recomputing is what preemption costs. Cost O(running) a choice.
 */
public final class LeastLostWork extends RankedVictims {
  private final Urgency urgency;

  /** Urgent is what the priorities of the requests say. */
  public LeastLostWork() {
    this(Urgency.PRIORITY);
  }

  /** Urgent is what this says. */
  public LeastLostWork(Urgency urgency) {
    this.urgency = Objects.requireNonNull(urgency, "urgency");
  }

  @Override protected boolean losesBefore(SequenceView a, SequenceView b) {
    long urgencyOfA = urgency.of(a);
    long urgencyOfB = urgency.of(b);
    if (urgencyOfA != urgencyOfB) {
      return urgencyOfA > urgencyOfB;
    }
    return a.numComputedTokens() != b.numComputedTokens()
        ? a.numComputedTokens() < b.numComputedTokens()
        : a.arrivalIndex() > b.arrivalIndex();
  }
}
