package dev.weft.engine;

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
  private long numListenerFailures;

  @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
    if (numPolicyFailures++ % PERIOD == 0) {
      LOGGER.log(Level.WARNING, "the policy threw, in step " + stepId + "; failures so far: "
          + numPolicyFailures, failure);
    }
  }

  @Override public void onListenerFailure(RuntimeException failure) {
    if (numListenerFailures++ % PERIOD == 0) {
      LOGGER.log(Level.WARNING, "the listener threw; failures so far: " + numListenerFailures,
          failure);
    }
  }
}
