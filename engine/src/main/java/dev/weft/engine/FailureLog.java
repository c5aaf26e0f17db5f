package dev.weft.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Logs what callbacks throw, which the scheduler survives and nobody would notice: the first
 * failure of each kind and then every thousandth, so that a callback that always fails does not
 * flood the log.
 */
final class FailureLog {
  private static final Logger LOGGER = System.getLogger(WeftEngine.class.getName());
  private static final int PERIOD = 1000;
  private long numPolicyFailures;
  private long numListenerFailures;

  void policyFailed(long stepId, RuntimeException failure) {
    if (numPolicyFailures++ % PERIOD == 0) {
      LOGGER.log(Level.WARNING, "the policy threw, in step " + stepId + "; failures so far: "
          + numPolicyFailures, failure);
    }
  }

  void listenerFailed(RuntimeException failure) {
    if (numListenerFailures++ % PERIOD == 0) {
      LOGGER.log(Level.WARNING, "the listener threw; failures so far: " + numListenerFailures,
          failure);
    }
  }
}
