package dev.weft.schedulerapi;

import org.jspecify.annotations.Nullable;

/** Chooses who loses its KV blocks when a sequence does not fit. */
@FunctionalInterface
public interface VictimSelector {
  /** A running sequence, possibly {@code needy} itself; null to take blocks from nobody. */
  @Nullable SequenceView select(StepFacts step, SequenceView needy);
}
