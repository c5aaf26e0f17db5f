package dev.weft.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.InputListener;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Recording allocates nothing once everything has happened before, while segments come and go; by
 * the thread's allocation counter. The JVM charges a thread now and then for compiling what it
 * runs, so one window of many must be free, not all.
 */
final class RecorderAllocationTest {
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int NUM_STEPS = 200;
  private static final int MAX_NUM_WINDOWS = 50;

  @ParameterizedTest
  @EnumSource(TokenForm.class)
  void stepsAllocateNothing(TokenForm form) {
    RecordedScheduler run = new RecordedScheduler(form, 1 << 13, 4, 0);
    SamplingParameters stopping =
        SamplingParameters.builder().maxNewTokens(1 << 20).stopTokenIds(99).build();
    long least = Long.MAX_VALUE;
    for (int window = 0; window < MAX_NUM_WINDOWS && least > 0; window++) {
      if (run.scheduler.running().size() == 0) {
        for (int i = 0; i < 4; i++) {
          run.add(stopping, 1, 2, 3, i);
        }
      }
      run.step(1);
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < NUM_STEPS; i++) {
        run.step(1);
      }
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }

    assertThat(least).isZero();
    assertThat(run.recorder.isWhole()).as("segments were used again").isFalse();
  }

  /** Ends, admissions, preemptions and control are records of their own. */
  @ParameterizedTest
  @EnumSource(TokenForm.class)
  void otherRecordsAllocateNothing(TokenForm form) {
    RecordedScheduler run = new RecordedScheduler(form, 1 << 13, 4, 0);
    run.add(1 << 20, 1, 2, 3);
    InputListener inputs = run.recorder.inputs();
    SchedulerListener decisions = run.recorder.decisions();
    long least = Long.MAX_VALUE;
    for (int window = 0; window < MAX_NUM_WINDOWS && least > 0; window++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < NUM_STEPS; i++) {
        inputs.onAbort(2, i);
        inputs.onStop(1, 0, 3, i);
        inputs.onPause(PauseMode.NONE);
        inputs.onExecutorDead(DeadExecutorMode.REQUEUE, i);
        decisions.onAdmit(1, 0, 16, i);
        decisions.onPreempt(1, 0, -1, PreemptReason.POLICY, 5, 2, i);
        run.recorder.onPin(3);
      }
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }

    assertThat(least).isZero();
  }
}
