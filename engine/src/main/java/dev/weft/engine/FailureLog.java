package dev.weft.engine;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.SchedulerListener;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Logs what callbacks throw, which the scheduler survives and nobody would notice: the first
 * failure of each kind and then every thousandth, so that a callback that always fails does not
 * flood the log.
 */
final class FailureLog implements SchedulerListener {
  private static final Logger LOGGER = System.getLogger(WeftEngine.class.getName());
  private static final int PERIOD = 1000;
  private long numPolicyFailures;
  private long numDraftingFailures;
  private long numDraftRefusals;
  private long numListenerFailures;

  @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
    if (numPolicyFailures++ % PERIOD == 0) {
      LOGGER.log(Level.WARNING, "the policy threw, in step " + stepId + "; failures so far: "
          + numPolicyFailures, failure);
    }
  }

  @Override public void onDraftingFailure(RuntimeException failure, long nowNanos) {
    if (numDraftingFailures++ % PERIOD == 0) {
      LOGGER.log(Level.WARNING, "the drafter or the policy of draft lengths threw; failures so"
          + " far: " + numDraftingFailures, failure);
    }
  }

  @Override public void onDraftsRefused(
      long requestId, int sampleIndex, DraftAnswer answer, long nowNanos) {
    if (numDraftRefusals++ % PERIOD == 0) {
      LOGGER.log(Level.WARNING, "drafts were refused: " + answer.message()
          + "; refusals so far: " + numDraftRefusals);
    }
  }

  @Override public void onListenerFailure(RuntimeException failure) {
    if (numListenerFailures++ % PERIOD == 0) {
      LOGGER.log(Level.WARNING, "the listener threw; failures so far: " + numListenerFailures,
          failure);
    }
  }
}
