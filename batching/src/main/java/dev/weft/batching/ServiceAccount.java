package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;

/** Keeps account of what sequences were given, for a part of a policy that decides by it. */
public interface ServiceAccount {
  /** A sequence begins to live; its place in the waiting list is asked for afterwards. */
  default void onAdd(SequenceView sequence) {}

  /** A waiting sequence was admitted; told at once, so that it counts for the next candidate. */
  default void onAdmit(SequenceView sequence) {}

  /** A row of a live sequence was computed. */
  void onRow(SequenceView sequence, StepFeedback step, int row);
}
