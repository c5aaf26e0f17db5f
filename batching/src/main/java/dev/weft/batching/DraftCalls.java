package dev.weft.batching;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.TokenSequence;
import org.jspecify.annotations.Nullable;

/**
 * Calls the drafter and the policy of draft lengths so that an exception of theirs costs drafts
 * alone: it is reported, and work goes on.
 */
final class DraftCalls {
  private final @Nullable Drafter drafter;
  private final DraftLengthPolicy lengths;
  private final SchedulerListener listener;

  DraftCalls(
      @Nullable Drafter drafter, DraftLengthPolicy lengths, SchedulerListener listener) {
    this.drafter = drafter;
    this.lengths = lengths;
    this.listener = listener;
  }

  /** Most drafts of one sequence by the drafter; 0 when there is none, or it throws. */
  int maxNumDraftTokens(long nowNanos) {
    try {
      return drafter == null ? 0 : Math.max(0, drafter.maxNumDraftTokens());
    } catch (RuntimeException e) {
      listener.onDraftingFailure(e, nowNanos);
      return 0;
    }
  }

  void choose(DraftLengths chosen) {
    try {
      lengths.choose(chosen);
    } catch (RuntimeException e) {
      listener.onDraftingFailure(e, chosen.nowNanos());
    }
  }

  void propose(DraftBatch batch, long nowNanos) {
    if (drafter != null) {
      try {
        drafter.propose(batch);
      } catch (RuntimeException e) {
        listener.onDraftingFailure(e, nowNanos);
      }
    }
  }

  void onStep(StepFeedback feedback, long nowNanos) {
    if (drafter != null) {
      try {
        lengths.onStep(feedback);
      } catch (RuntimeException e) {
        listener.onDraftingFailure(e, nowNanos);
      }
    }
  }

  void onFinish(SequenceView sequence, TokenSequence tokens, long nowNanos) {
    if (drafter != null) {
      try {
        lengths.onFinish(sequence);
      } catch (RuntimeException e) {
        listener.onDraftingFailure(e, nowNanos);
      }
      try {
        drafter.onFinish(sequence, tokens);
      } catch (RuntimeException e) {
        listener.onDraftingFailure(e, nowNanos);
      }
    }
  }
}
