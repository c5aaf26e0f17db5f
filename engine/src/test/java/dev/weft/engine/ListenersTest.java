package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Observers of the scheduler: all are told, in order, whatever one of them throws. */
final class ListenersTest {
  private final List<String> heard = new ArrayList<>();

  private void serveTwo(WeftEngineBuilder builder) throws InterruptedException {
    EngineHarness harness = new EngineHarness(builder);
    harness.add(request(1, 9, 12).build()).add(request(2, 9, 12).build());
    harness.engine.runOnce();
    harness.engine.control(scheduler -> scheduler.resetPrefixCache(true, harness.nowNanos));
    harness.engine.runUntilIdle();
    harness.assertAllEnded();
  }

  private static WeftEngineBuilder builder() {
    return WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(1)));
  }

  @Test void allAreToldInOrder() throws InterruptedException {
    serveTwo(builder().listener(new Scribe("a", false)).listener(new Scribe("b", false)));

    assertThat(heard).startsWith("a onAdd", "b onAdd").endsWith("a onResult", "b onResult");
    assertThat(linesOf("a")).isNotEmpty().isEqualTo(linesOf("b")).contains("onAdd", "onAdmit",
        "onToken", "onPreempt", "onFinish", "onPlan", "onResult");
  }

  @Test void oneThatThrowsCostsNobodyAnything() throws InterruptedException {
    serveTwo(builder().listener(new Scribe("a", false)));
    List<String> expected = linesOf("a");
    heard.clear();

    serveTwo(builder().listener(new Scribe("a", false)).listener(new Scribe("x", true))
        .listener(new Scribe("b", false)));

    assertThat(linesOf("x")).containsAll(expected);
    for (String name : List.of("a", "b")) {
      List<String> lines = linesOf(name);
      assertThat(lines.stream().filter(line -> line.equals("onListenerFailure")))
          .hasSameSizeAs(expected);
      lines.removeIf(line -> line.equals("onListenerFailure"));
      assertThat(lines).isEqualTo(expected);
    }
  }

  private List<String> linesOf(String name) {
    List<String> lines = new ArrayList<>();
    for (String line : heard) {
      if (line.startsWith(name + " ")) {
        lines.add(line.substring(name.length() + 1));
      }
    }
    return lines;
  }

  /** Writes down what it hears, and may throw then. */
  private final class Scribe implements SchedulerListener {
    private final String name;
    private final boolean throwsAlways;

    private Scribe(String name, boolean throwsAlways) {
      this.name = name;
      this.throwsAlways = throwsAlways;
    }

    private void hear(String what) {
      heard.add(name + " " + what);
      if (throwsAlways) {
        throw new IllegalStateException(what);
      }
    }

    @Override public void onAdd(Request request, long seed, long nowNanos) {
      hear("onAdd");
    }

    @Override public void onAdmit(
        long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
      hear("onAdmit");
    }

    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      hear("onToken");
    }

    @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
        PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
      hear("onPreempt");
    }

    @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
        int numOutputTokens, long nowNanos) {
      hear("onFinish");
    }

    @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
      hear("onPlan");
    }

    @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
      hear("onResult");
    }

    @Override public void onListenerFailure(RuntimeException failure) {
      hear("onListenerFailure");
    }
  }
}
