package dev.weft.schedulerapi;

/**
 * The verbs of a {@link SchedulingPolicy}. A verb happens completely or changes nothing, and keeps
 * every limit, so that no sequence of calls can corrupt the scheduler: the policy decides who runs,
 * the core whether that is possible. Outside of {@link SchedulingPolicy#plan}, and while another
 * verb is under way, every verb throws {@link IllegalStateException}.
 */
public interface StepBuilder extends StepFacts {
  /**
   * Grants exactly {@code numTokens} tokens of the sequence in this step, or nothing. The row
   * starts at {@link #startPosition}, takes the known tokens first and then drafts; drafts that do
   * not fit into the row are dropped. A waiting sequence is admitted by this: it adopts its cached
   * prefix.
   *
   * @param numTokens 1 to {@link #numPendingTokens}
   * @return GRANTED, or the reason why nothing was changed
   * @throws IllegalArgumentException when the sequence is not live, or numTokens is out of range
   */
  default Grant schedule(SequenceView sequence, int numTokens) {
    return schedule(sequence, numTokens, 0);
  }

  /**
   * As {@link #schedule(SequenceView, int)}, and appends placeholder drafts, which verification
   * always rejects, so that the row has the shape of its neighbours.
   *
   * @param numTokens       must be {@link #numPendingTokens} when there are placeholders
   * @param numPlaceholders 0 to {@code limits().maxNumDraftTokens()}; they cost as much as tokens
   */
  Grant schedule(SequenceView sequence, int numTokens, int numPlaceholders);

  /**
   * Takes all KV blocks from a running sequence and lets it wait again, in the place that
   * {@link SchedulingPolicy#waitingOrder} gives; a row that it had in this step is withdrawn and
   * its tokens return to the budget. Tokens that steps in flight sample for it are still delivered.
   *
   * @return false when nothing was changed, because another row of this step reads blocks that this
   *     one was to compute
   * @throws IllegalArgumentException when the sequence does not run
   */
  boolean preempt(SequenceView sequence);

  /** Marks a waiting sequence as passed over, until it is admitted. Moves nothing. */
  void skip(SequenceView sequence);
}
