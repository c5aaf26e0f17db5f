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
   * not fit into the row are dropped. Drafts open a block only while some are free that cache
   * nothing, and leave the row when a known token of anybody needs their blocks: then the row is
   * shorter than was asked for ({@link #numScheduledTokens}). A waiting sequence is admitted by
   * this: it adopts its cached prefix.
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
   * Schedules running sequences one after another for as long as nothing has to be decided: each is
   * a decode and gets all that it has pending, drafts included. The rows are those that
   * {@link #schedule(SequenceView, int)} would give, at a fraction of the cost. Sequences with
   * nothing pending are passed over.
   *
   * <p>It stops before the first sequence that is no decode, has more pending than
   * {@code maxNumTokens}, would be refused, or asks for more than a look; the policy decides about
   * that one and goes on behind it.
   *
   * @param from         place in {@link #running}, 0 to its size
   * @param maxNumTokens most tokens of a row
   * @return the place in {@link #running} where it stopped; the size of that when nobody is left
   */
  default int scheduleDecodes(int from, int maxNumTokens) {
    SequenceList running = running();
    for (int i = from; i < running.size(); i++) {
      SequenceView sequence = running.get(i);
      if (sequence.status() != SequenceStatus.RUNNING || sequence.isScheduled()
          || sequence.isPrefill()) {
        return i;
      }
      int numPending = numPendingTokens(sequence);
      if (numPending > maxNumTokens
          || (numPending > 0 && !schedule(sequence, numPending).isGranted())) {
        return i;
      }
    }
    return running.size();
  }

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
