package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.VictimSelector;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the first of the running sequences in a total order of losing. The needy one competes:
 * nobody behind it in this order loses anything for it, so the last one of all keeps its blocks
 * until it ends, and the system always gets on. Cost O(running) a choice.
 */
public abstract class RankedVictims implements VictimSelector {
  /** For the class that extends it. */
  protected RankedVictims() {}

  /** True when {@code a} loses its blocks before {@code b}; a strict total order. */
  protected abstract boolean losesBefore(SequenceView a, SequenceView b);

  /** The first to lose; null when that would be the needy one and it holds nothing. */
  @Override public final @Nullable SequenceView select(StepFacts step, SequenceView needy) {
    SequenceView victim = needy;
    SequenceList running = step.running();
    for (int i = 0; i < running.size(); i++) {
      SequenceView candidate = running.get(i);
      if (candidate.status() == SequenceStatus.RUNNING && losesBefore(candidate, victim)) {
        victim = candidate;
      }
    }
    return victim.status() == SequenceStatus.RUNNING ? victim : null;
  }
}
