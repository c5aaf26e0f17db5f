package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A scheduler that is at work takes no other call. */
final class ReentryTest {
  private static final String MESSAGE =
      "the scheduler was called from a policy, a mask, a drafter or a listener";
  private static final Map<String, Consumer<SchedulerHarness>> CALLS = new TreeMap<>(Map.ofEntries(
      Map.entry("add", h -> h.scheduler.add(request(9, 3, 1), h.now)),
      Map.entry("abort", h -> h.scheduler.abort(1, h.now)),
      Map.entry("stop", h -> h.scheduler.stop(1, 0, 0, h.now)),
      Map.entry("unblock", h -> h.scheduler.unblock(1)),
      Map.entry("plan", h -> h.scheduler.plan(h.now)),
      Map.entry("update", h -> h.scheduler.update(h.result, h.now)),
      Map.entry("onExecutorDead", h -> h.scheduler.onExecutorDead(DeadExecutorMode.END, h.now)),
      Map.entry("draft", h -> h.scheduler.draft(h.now)),
      Map.entry("pause", h -> h.scheduler.pause(PauseMode.ALL)),
      Map.entry("resume", h -> h.scheduler.resume()),
      Map.entry("setCaps", h -> h.scheduler.setCaps(new LiveCaps(1, 1, 1))),
      Map.entry("resetPrefixCache", h -> h.scheduler.resetPrefixCache(true, 0)),
      Map.entry("shutDown", h -> h.scheduler.shutDown(h.now)),
      Map.entry("checkIntegrity", h -> h.scheduler.checkIntegrity())));

  static Stream<String> calls() {
    return CALLS.keySet().stream();
  }

  @ParameterizedTest @MethodSource("calls")
  void callFromAPolicyIsRefused(String call) {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));
    harness.policy.plan = step -> {
      TestPolicy.everybody(step);
      CALLS.get(call).accept(harness);
    };

    harness.run().assertRanAsIfAlone(request(1, 5, 3)).assertAllReturned();

    assertThat(harness.heard.policyFailures).isNotEmpty()
        .allMatch(failure -> failure.getMessage().equals(MESSAGE));
  }

  @ParameterizedTest @MethodSource("calls")
  void callFromAMaskIsRefused(String call) {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(asking(1, 5, SamplingParameters.greedy(3)).tokenMask((tokens, index, words) -> {
      CALLS.get(call).accept(harness);
      return true;
    }).build());

    harness.run().assertAllReturned();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ERROR);
  }

  @ParameterizedTest @MethodSource("calls")
  void callFromAListenerIsRefused(String call) {
    SchedulerHarness[] harness = new SchedulerHarness[1];
    int[] numRefused = new int[1];
    harness[0] = SchedulerHarness.builder().listener(new RecordingListener() {
      @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
          long nowNanos) {
        super.onToken(requestId, sampleIndex, outputIndex, token, nowNanos);
        assertThatIllegalStateException().isThrownBy(() -> CALLS.get(call).accept(harness[0]))
            .withMessage(MESSAGE);
        numRefused[0]++;
      }
    }).build();

    harness[0].add(request(1, 5, 3)).run().assertRanAsIfAlone(request(1, 5, 3)).assertAllReturned();

    assertThat(numRefused[0]).isEqualTo(3);
  }

  @Test void callThatFailedLetsTheNextOneIn() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));
    harness.step();

    assertThatIllegalStateException().isThrownBy(
        () -> harness.scheduler.update(harness.result, harness.now));

    harness.run().assertRanAsIfAlone(request(1, 5, 3));
  }
}
