package dev.weft.schedulerapi;

/**
 * Decides how many drafts each sequence should get: more tokens a step when they are accepted, a
 * longer step for all in any case. Called on the scheduler thread, after each applied step that
 * sampled anybody and before the {@link Drafter}.
 *
 * <p>A policy that decides from what it was told alone, with no clock and no randomness of its own,
 * can be replayed.
 */
@FunctionalInterface
public interface DraftLengthPolicy {
  /** As many drafts as there is room for. */
  DraftLengthPolicy LONGEST = lengths -> {
    for (int i = 0; i < lengths.numSequences(); i++) {
      lengths.set(i, lengths.maxNumDraftTokens(i));
    }
  };

  /** Sets the lengths of the sequences listed; the others keep theirs. Must not keep the list. */
  void choose(DraftLengths lengths);

  /** A step's result was applied: what it took and what was accepted. */
  default void onStep(StepFeedback feedback) {}

  /** A sequence ended; its handle may be given to another one afterwards. */
  default void onFinish(SequenceView sequence) {}
}
