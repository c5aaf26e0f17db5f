package dev.weft.engine.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.EventType;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a flight recording holds of a scheduler. */
class JfrEventsTest {
  /** So few calls that nothing is compiled: a compiler may find an unused event superfluous. */
  private static final int NUM_ROUNDS = 6;
  private static final int NUM_CALLS_OF_ROUND = 10;
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder;
  private final JfrEvents events = new JfrEvents();
  private final StepResult result = new StepResult(4, 0, 0);

  private static final SchedulerStats STATS = (SchedulerStats) Proxy.newProxyInstance(
      SchedulerStats.class.getClassLoader(), new Class<?>[] {SchedulerStats.class},
      (proxy, method, arguments) -> switch (method.getName()) {
        case "numRunning" -> 3;
        case "numWaiting" -> 7;
        case "numInFlight" -> 1;
        case "kvUsage" -> 0.25;
        default -> throw new AssertionError(method);
      });

  private static StepPlan plan(long stepId) {
    Request request = Request.builder(17, 1, 2, 3).build();
    return new PlanWriter().stepId(stepId).attach(0, request, 0).row(0, 0, 1, 2)
        .sampledRow(0, 2, 3).drafts(5).write();
  }

  private void tellResult(long stepId) {
    result.reset(stepId, 0);
    result.setDeviceNanos(1_234);
    events.onResult(result, STATS, 2_000);
  }

  private List<RecordedEvent> record(Runnable calls) throws IOException {
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      for (String name : List.of("Step", "Admit", "Preempt", "Finish")) {
        recording.enable("dev.weft." + name);
      }
      recording.start();
      calls.run();
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file);
  }

  @Test
  void aStepIsOneEventFromPlanToResult() throws IOException {
    List<RecordedEvent> recorded = record(() -> {
      events.onPlan(plan(9), STATS, 1_000);
      tellResult(9);
    });

    assertThat(recorded).hasSize(1);
    RecordedEvent step = recorded.get(0);
    assertThat(step.getEventType().getName()).isEqualTo("dev.weft.Step");
    assertThat(step.getEventType().getCategoryNames()).containsExactly("Weft", "Scheduler");
    assertThat(step.getLong("stepId")).isEqualTo(9);
    assertThat(step.getInt("numRows")).isEqualTo(2);
    assertThat(step.getInt("numTokens")).isEqualTo(4);
    assertThat(step.getInt("numSampledRows")).isEqualTo(1);
    assertThat(step.getInt("numDraftTokens")).isEqualTo(1);
    assertThat(step.getInt("numRunning")).isEqualTo(3);
    assertThat(step.getInt("numWaiting")).isEqualTo(7);
    assertThat(step.getDouble("kvUsage")).isEqualTo(0.25);
    assertThat(step.getDuration("deviceNanos").toNanos()).isEqualTo(1_234);
    assertThat(step.getBoolean("isCompleted")).isTrue();
    assertThat(step.getDuration().isNegative()).isFalse();
    assertThat(step.getStackTrace()).isNull();
  }

  @Test
  void theOtherEventsHoldWhatWasTold() throws IOException {
    List<RecordedEvent> recorded = record(() -> {
      events.onAdmit(17, 1, 32, 1_000);
      events.onPreempt(17, 1, 4, PreemptReason.POLICY, 50, 3, 1_000);
      events.onFinish(17, 1, FinishReason.LENGTH, 64, 1_000);
    });

    assertThat(recorded).extracting(event -> event.getEventType().getName())
        .containsExactlyInAnyOrder("dev.weft.Admit", "dev.weft.Preempt", "dev.weft.Finish");
    for (RecordedEvent event : recorded) {
      assertThat(event.getLong("requestId")).isEqualTo(17);
      assertThat(event.getInt("sampleIndex")).isEqualTo(1);
      switch (event.getEventType().getName()) {
        case "dev.weft.Admit" -> assertThat(event.getInt("numCachedTokens")).isEqualTo(32);
        case "dev.weft.Finish" -> {
          assertThat(event.getString("reason")).isEqualTo("LENGTH");
          assertThat(event.getInt("numOutputTokens")).isEqualTo(64);
        }
        default -> {
          assertThat(event.getLong("forRequestId")).isEqualTo(4);
          assertThat(event.getString("reason")).isEqualTo("POLICY");
          assertThat(event.getInt("numTokensToRecompute")).isEqualTo(50);
          assertThat(event.getInt("numBlocksReleased")).isEqualTo(3);
        }
      }
    }
  }

  @Test
  void stepsInFlightAreToldApartAndLostOnesLeftOut() throws IOException {
    List<RecordedEvent> recorded = record(() -> {
      for (int step = 1; step <= 40; step++) {
        events.onPlan(plan(step), STATS, 1_000); // An executor died, and more were planned.
      }
      tellResult(39);
      tellResult(40);
      tellResult(3);
    });

    assertThat(recorded).extracting(event -> event.getLong("stepId")).containsExactly(39L, 40L);
  }

  @Test
  void anEmptyPlanIsNoStep() throws IOException {
    assertThat(record(() -> {
      events.onPlan(new PlanWriter().write(), STATS, 1_000);
      tellResult(1);
    })).isEmpty();
  }

  @Test
  void anEventThatNobodyRecordsAllocatesNothing() {
    StepPlan plan = plan(1);
    result.reset(1, 0);
    assertThat(EventType.getEventType(StepEvent.class).isEnabled()).isFalse();
    long leastBytes = Long.MAX_VALUE; // The runtime itself may allocate now and then.
    for (int round = 0; round < NUM_ROUNDS; round++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < NUM_CALLS_OF_ROUND; i++) {
        tellAll(plan);
      }
      leastBytes = Math.min(leastBytes, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(leastBytes).isZero();
  }

  private void tellAll(StepPlan plan) {
    events.onPlan(plan, STATS, 1_000);
    events.onAdmit(17, 1, 32, 1_000);
    events.onPreempt(17, 1, 4, PreemptReason.POLICY, 50, 3, 1_000);
    events.onFinish(17, 1, FinishReason.LENGTH, 64, 1_000);
    events.onResult(result, STATS, 2_000);
  }
}
