package dev.weft.batching.policies;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.SequenceLongs;
import dev.weft.batching.ServiceAccount;
import dev.weft.batching.Urgency;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import java.util.Arrays;
import java.util.function.IntToLongFunction;

/**
 * Short requests first without knowing which are short: a request joins the first level whose
 * quantum its prompt does not exceed, moves down when the device has worked on it for more than the
 * quantum of its level, and up to the first level when it got nothing for so long. Upper levels go
 * first and take the place of lower ones, which then compute again (skip-join multi-level feedback
 * queues: Wu et al., FastServe, 2023, arXiv 2305.05920, which swaps instead; values as in {@code
 * mlfq_scheduler.py} of vllm-ltr: quanta of 10 ms, doubling, and 3 s). Who has moved up stays there
 * to its end: since nothing is swapped, those that move up in turns would else compute the same
 * again and again. Needs an executor that measures ({@link StepFeedback#deviceNanos}); otherwise
 * nobody moves down.
 *
 * <p>Urgency and account of a policy; {@link #toBuilder} puts them together. Live with that, and
 * free of starvation by moving up. Cost of a step O(levels times running + admitted), and O(waiting
 * log waiting) when one moves up; allocates nothing.
 */
public final class FeedbackQueues implements Urgency, ServiceAccount {
  private final SequenceLongs level = new SequenceLongs();
  private final SequenceLongs serviceNanos = new SequenceLongs();
  private final long[] quanta;
  private final IntToLongFunction prefillNanos;
  private final long maxIdleNanos;

  /**
   * @param quanta       nanoseconds of device time for each level, ascending, 1 level or more
   * @param prefillNanos estimated time of a prompt of so many tokens
   * @param maxIdleNanos time without a row after which a request moves up to the first level
   */
  public FeedbackQueues(long[] quanta, IntToLongFunction prefillNanos, long maxIdleNanos) {
    this.quanta = quanta.clone();
    this.prefillNanos = prefillNanos;
    this.maxIdleNanos = maxIdleNanos;
  }

  /** A builder with these parts; what else it asks for is open. */
  public ContinuousBatchingPolicy.Builder toBuilder() {
    return ContinuousBatchingPolicy.builder().urgency(this).levels(quanta.length).account(this);
  }

  @Override public long of(SequenceView sequence) {
    return level.get(sequence);
  }

  /** The first level whose quantum is not less than the time of the prompt. */
  @Override public void onAdd(SequenceView sequence) {
    int found = Arrays.binarySearch(quanta, prefillNanos.applyAsLong(sequence.numPromptTokens()));
    moveTo(sequence, found >= 0 ? found : -found - 1, 0);
  }

  @Override public void onRow(SequenceView sequence, StepFeedback step, int row) {
    long service = serviceNanos.add(sequence, step.deviceNanos());
    boolean mayMove = sequence.status() == SequenceStatus.RUNNING; // Else its place is found.
    if (mayMove && service > quanta[(int) of(sequence)]) {
      moveTo(sequence, of(sequence) + 1, 0);
    }
  }

  @Override public boolean reevaluate(StepFacts facts, SequenceView sequence) {
    return facts.nowNanos() - sequence.lastRowNanos() >= maxIdleNanos
        && moveTo(sequence, 0, Long.MIN_VALUE); // Its quantum does not end.
  }

  @Override public long reevaluationNanos() {
    return maxIdleNanos / 8;
  }

  private boolean moveTo(SequenceView sequence, long newLevel, long service) {
    serviceNanos.set(sequence, service);
    return level.set(sequence, Math.min(newLevel, quanta.length - 1));
  }
}
