package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class AddRefusalTest {
  /** A request that is refused, and what the scheduler is like. */
  private record Case(Refusal refusal, String message, Request request,
      UnaryOperator<SchedulerHarness.Builder> change, Consumer<SchedulerHarness> before) {
    private SchedulerHarness harness() {
      SchedulerHarness harness = change.apply(SchedulerHarness.builder()).build();
      before.accept(harness);
      return harness;
    }

    private Case with(UnaryOperator<SchedulerHarness.Builder> newChange) {
      return new Case(refusal, message, request, newChange, before);
    }

    private Case after(Consumer<SchedulerHarness> newBefore) {
      return new Case(refusal, message, request, change, newBefore);
    }

    @Override public String toString() {
      return message;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        refused(Refusal.PROMPT_TOO_LONG, request(7, 64, 1),
            "promptTokens has 64 tokens, at most 63 leave room for an output"),
        refused(Refusal.NEVER_FITS, request(7, 10, 12),
            "promptTokens + maxNewTokens = 22 tokens need 6 KV blocks, the pool has 5")
            .with(b -> b.plainBlocks(5)),
        refused(Refusal.NEVER_FITS, request(7, 10, 10),
            "promptTokens + maxNewTokens = 20 tokens need 6 KV blocks, the pool has 5")
            .with(b -> b.plainBlocks(5).limits(limits -> limits.numLookaheadTokens(2))),
        refused(Refusal.TOO_MANY_SAMPLES, samples(7, 3, 1, 5),
            "numSamples is 5, at most 4 sequences may run and wait"),
        refused(Refusal.TOO_MANY_SAMPLES, samples(7, 3, 1, 4),
            "numSamples is 4, at most 3 sequences may run and wait")
            .with(b -> b.limits(limits -> limits.maxNumWaiting(3))),
        refused(Refusal.INVALID_TOKEN, Request.builder(7, 96, 97).build(),
            "promptTokens[1] is 97, must be below the vocabulary size 97"),
        refused(Refusal.INVALID_TOKEN, sampling(b -> b.stopTokenIds(1, 97)),
            "stopTokenIds is 97, must be below the vocabulary size 97"),
        refused(Refusal.INVALID_TOKEN, sampling(b -> b.logitBias(Map.of(98, 1f))),
            "logitBias is 98, must be below the vocabulary size 97"),
        refused(Refusal.UNSUPPORTED, sampling(b -> b.numLogprobs(3)),
            "numLogprobs is 3, the executor reports at most 2")
            .with(b -> b.spec(spec -> spec.maxNumLogprobs(2))),
        refused(Refusal.UNSUPPORTED, sampling(b -> b.numLogprobs(0)),
            "numLogprobs is 0, the executor reports at most -1")
            .with(b -> b.spec(spec -> spec.maxNumLogprobs(-1))),
        refused(Refusal.UNSUPPORTED,
            Request.builder(7, 1).tokenMask((tokens, sampleIndex, words) -> true).build(),
            "tokenMask: the executor takes no masks")
            .with(b -> b.spec(spec -> spec.supportsMasks(false))),
        refused(Refusal.UNSUPPORTED, Request.builder(7, 1).adapterId(3).build(),
            "adapterId is 3, the executor has no adapters and takes 0")
            .with(b -> b.spec(spec -> spec.supportsAdapters(false))),
        refused(Refusal.UNSUPPORTED, samples(7, 3, 1, 2),
            "numSamples is 2, the executor cannot copy blocks and takes 1")
            .with(b -> b.spec(spec -> spec.supportsBlockCopies(false))),
        refused(Refusal.DUPLICATE_ID, request(7, 3, 1), "a live request has this id")
            .after(harness -> harness.add(request(7, 5, 2))),
        refused(Refusal.EXPIRED, Request.builder(7, 1).deadlineNanos(1000).build(),
            "deadlineNanos is 1000, now is 1000"),
        refused(Refusal.FULL, request(7, 3, 1),
            "8 sequences wait and it brings 1, at most 8 may wait")
            .after(AddRefusalTest::fill),
        refused(Refusal.FULL, samples(7, 3, 1, 4),
            "6 sequences wait and it brings 4, at most 8 may wait")
            .after(harness -> harness.add(
                samples(20, 3, 2, 4), request(21, 3, 1), request(22, 3, 1))),
        refused(Refusal.POLICY, request(7, 3, 1), "the policy does not accept it")
            .with(b -> b.policy(p -> p.accepts = (sequence, facts) -> sequence.requestId() != 7)),
        refused(Refusal.POLICY, samples(7, 44, 1, 3), "the policy does not accept it")
            .with(b -> b.policy(p -> p.accepts = (sequence, facts) -> sequence.requestId() != 7)),
        refused(Refusal.SHUT_DOWN, request(7, 3, 1), "the scheduler is shut down")
            .after(harness -> harness.scheduler.shutDown(harness.now)));
  }

  private static Case refused(Refusal refusal, Request request, String message) {
    return new Case(
        refusal, "request 7: " + message, request, builder -> builder, harness -> {});
  }

  private static Request sampling(UnaryOperator<SamplingParameters.Builder> change) {
    return asking(7, 3, change.apply(SamplingParameters.builder()).build()).build();
  }

  private static void fill(SchedulerHarness harness) {
    for (int id = 20; id < 28; id++) {
      harness.add(request(id, 3, 2));
    }
  }

  @ParameterizedTest @MethodSource("cases")
  void refusalNamesFieldValueAndLimit(Case refused) {
    AddResult result = refused.harness().tryAdd(refused.request);

    assertThat(result).isEqualTo(AddResult.refused(refused.refusal, refused.message));
  }

  @ParameterizedTest @MethodSource("cases")
  void refusedRequestLeavesNoTrace(Case refused) {
    SchedulerHarness without = refused.harness();
    SchedulerHarness with = refused.harness();

    with.tryAdd(refused.request);

    assertThat(with.scheduler.isIdle()).isEqualTo(without.scheduler.isIdle());
    assertThat(runOn(with)).isEqualTo(runOn(without));
  }

  /** Everything that can be seen of a scheduler that goes on with other requests. */
  private static List<String> runOn(SchedulerHarness harness) {
    List<String> seen = new ArrayList<>();
    harness.policy.onAdd = sequence -> seen.add(sequence + " has handle " + sequence.handle()
        + " and arrived as number " + sequence.arrivalIndex());
    harness.step();
    seen.add("added: " + harness.tryAdd(samples(60, 5, 3, 2)));
    seen.add("added: " + harness.tryAdd(request(61, 5, 3)));
    harness.run().assertAllReturned();
    seen.addAll(harness.heard.events);
    seen.addAll(harness.heard.plans);
    return seen;
  }

  @Test void everyRefusalHasACase() {
    assertThat(cases().map(Case::refusal)).contains(Arrays.stream(Refusal.values())
        .filter(refusal -> refusal != Refusal.NONE).toArray(Refusal[]::new));
  }

  @Test void requestThatJustFitsIsAcceptedAndEnds() {
    SchedulerHarness harness = SchedulerHarness.builder().plainBlocks(5).build();
    Request longest = request(1, 10, 11);

    harness.add(longest).run().assertRanAsIfAlone(longest).assertAllReturned();
  }

  @Test void longestPromptLeavesRoomForOneToken() {
    Request longest = request(1, 63, 5);
    SchedulerHarness harness = SchedulerHarness.create().add(longest).run();

    assertThat(harness.heard.tokens(1, 0)).hasSize(1);
    harness.assertRanAsIfAlone(longest);
  }

  @Test void samplesNotYetBornTakeTheirPlacesAmongTheWaiting() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(samples(1, 5, 4, 4), samples(2, 5, 4, 4));

    assertThat(harness.tryAdd(request(3, 3, 1)).message())
        .isEqualTo("request 3: 8 sequences wait and it brings 1, at most 8 may wait");
  }

  @Test void blockedSequencesTakeTheirPlacesAmongTheWaiting() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumWaiting(1)).build();
    harness.add(Request.builder(1, 1).blockedBy(BlockReason.HOST).build());

    assertThat(harness.tryAdd(request(3, 3, 1)).message())
        .isEqualTo("request 3: 1 sequences wait and it brings 1, at most 1 may wait");
  }

  @Test void endedSamplesOfALiveRequestKeepTheirHandlesAndAreNamed() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumWaiting(2).maxNumSeqs(2)).build();
    harness.add(samples(1, 5, 9, 2));
    harness.step();
    harness.step();
    harness.scheduler.stop(1, 0, 1, harness.now);
    harness.add(request(2, 3, 9));
    harness.step();
    harness.add(request(3, 3, 9));

    assertThat(harness.tryAdd(request(4, 3, 1))).isEqualTo(AddResult.refused(Refusal.FULL,
        "request 4: 4 sequences live or belong to a live request and it brings 1, at most 4 may"));
  }

  @Test void idCanBeUsedAgainAfterTheEnd() {
    SchedulerHarness harness = SchedulerHarness.create();
    Request first = request(1, 5, 3);
    harness.add(first).run().assertRanAsIfAlone(first);

    harness.add(first).run().assertRanAsIfAlone(first).assertAllReturned();
  }
}
