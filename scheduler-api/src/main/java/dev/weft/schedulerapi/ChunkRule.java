package dev.weft.schedulerapi;

/** Says how many tokens a sequence should get in this step. */
@FunctionalInterface
public interface ChunkRule {
  /** As much as there is. */
  ChunkRule ALL = (step, sequence) -> step.numPendingTokens(sequence);

  /** 0 for no row; more than is pending or in the budget is cut. */
  int numTokens(StepFacts step, SequenceView sequence);
}
