package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.TokenMask;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TokenMaskTest {
  /** Permits one token more than the last one has, whatever the model would choose. */
  private static boolean countUp(TokenSequence tokens, int sampleIndex, long[] words) {
    int next = (tokens.token(tokens.numTokens() - 1) + 1) % SchedulerHarness.VOCABULARY_SIZE;
    words[next / 64] |= 1L << next;
    return true;
  }

  private static Request masked(long id, int numNewTokens, TokenMask mask) {
    return Request.builder(id, 10, 20, 30)
        .sampling(SamplingParameters.greedy(numNewTokens)).tokenMask(mask).build();
  }

  @Test void onlyPermittedTokensAreSampled() {
    SchedulerHarness harness = SchedulerHarness.create();
    Request beside = request(2, 5, 4);

    harness.add(masked(1, 4, TokenMaskTest::countUp), beside).run().assertRanAsIfAlone(beside);

    assertThat(harness.heard.tokens(1, 0)).containsExactly(31, 32, 33, 34);
  }

  @Test void eachRowHasItsOwnMask() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(masked(1, 4, (tokens, sampleIndex, words) -> {
      words[0] = 4;
      return true;
    }), request(2, 5, 4), masked(3, 4, (tokens, sampleIndex, words) -> {
      assertThat(words).containsOnly(0);
      words[1] = 1;
      return true;
    }));

    StepPlan plan = harness.plan();

    assertThat(plan.hasMask(0)).isTrue();
    assertThat(plan.maskWord(0, 0, 0)).isEqualTo(4);
    assertThat(plan.maskWord(0, 0, 1)).isZero();
    assertThat(plan.hasMask(1)).isFalse();
    assertThat(plan.maskWord(2, 0, 0)).isZero();
    assertThat(plan.maskWord(2, 0, 1)).isEqualTo(1);
    harness.drain();
    assertThat(harness.heard.tokens(1, 0)).containsExactly(2);
    assertThat(harness.heard.tokens(3, 0)).containsExactly(64);
  }

  @Test void withdrawnRowTakesItsMaskAlong() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(masked(1, 4, (tokens, sampleIndex, words) -> {
      words[0] = 2;
      return true;
    }), request(2, 5, 4), masked(3, 4, (tokens, sampleIndex, words) -> {
      words[0] = 8;
      return true;
    }));

    harness.plan(step -> {
      TestPolicy.everybody(step);
      step.preempt(step.waiting().get(0));
    });
    harness.drain();

    assertThat(harness.heard.tokens(1, 0)).isEmpty();
    assertThat(harness.heard.tokens(3, 0)).containsExactly(3);
    harness.assertBeganAsIfAlone(request(2, 5, 4), 0, 1);
  }

  @Test void maskSeesAllTokensReadSoFar() {
    List<String> seen = new ArrayList<>();
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(masked(1, 3, (tokens, sampleIndex, words) -> {
      int[] all = new int[tokens.numTokens()];
      tokens.copyTokens(0, all, 0, all.length);
      seen.add(Arrays.toString(all));
      return countUp(tokens, sampleIndex, words);
    })).run();

    assertThat(seen).containsExactly("[10, 20, 30]", "[10, 20, 30, 31]", "[10, 20, 30, 31, 32]");
  }

  @Test void maskIsNotAskedForAChunkThatSamplesNothing() {
    int[] numCalls = new int[1];
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(asking(1, 40, SamplingParameters.greedy(1)).tokenMask((tokens, index, words) -> {
      numCalls[0]++;
      words[0] = 1;
      return true;
    }).build());

    assertThat(harness.step()).isEqualTo("1/0@0+32 unsampled");
    assertThat(numCalls[0]).isZero();
    harness.run();
    assertThat(numCalls[0]).isEqualTo(1);
  }

  @Test void everySampleIsAskedWithItsIndex() {
    List<Integer> indices = new ArrayList<>();
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(Request.builder(1, 10, 20).tokenMask((tokens, sampleIndex, words) -> {
      indices.add(sampleIndex);
      words[0] = 1L << sampleIndex;
      return true;
    }).sampling(SamplingParameters.builder().maxNewTokens(1).numSamples(3).build()).build());

    harness.run().assertAllReturned();

    assertThat(indices).containsExactly(0, 1, 2);
    for (int sample = 0; sample < 3; sample++) {
      assertThat(harness.heard.tokens(1, sample)).containsExactly(sample);
    }
  }

  @Test void maskThatIsNotReadyIsAskedAgainInTheNextStep() {
    int[] numCalls = new int[1];
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(masked(1, 2, (tokens, sampleIndex, words) ->
        ++numCalls[0] % 3 == 0 && countUp(tokens, sampleIndex, words)), request(2, 5, 4));

    assertThat(harness.step()).isEqualTo("2/0@0+5");
    assertThat(harness.step()).isEqualTo("2/0@5+1");
    assertThat(harness.step()).isEqualTo("2/0@6+1 1/0@0+3");
    assertThat(numCalls[0]).isEqualTo(3);
    harness.run();

    assertThat(harness.heard.tokens(1, 0)).containsExactly(31, 32);
    harness.assertRanAsIfAlone(request(2, 5, 4));
  }

  @Test void bitsOfAMaskThatIsNotReadyAreForgotten() {
    int[] numCalls = new int[1];
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(masked(1, 1, (tokens, sampleIndex, words) -> {
      words[0] |= 1L << ++numCalls[0];
      return numCalls[0] > 1;
    }));

    harness.run();

    assertThat(harness.heard.tokens(1, 0)).containsExactly(2);
  }

  @Test void maskIsAskedOnlyWhenTheTokenInFlightWasRead() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(2)).build();
    Request beside = request(2, 5, 6);
    harness.add(masked(1, 4, TokenMaskTest::countUp), beside);

    harness.run().assertRanAsIfAlone(beside).assertAllReturned();

    assertThat(harness.heard.tokens(1, 0)).containsExactly(31, 32, 33, 34);
    assertThat(harness.scheduler.stats().numGrants(Grant.AWAITS_TOKEN)).isPositive();
  }

  @Test void throwingMaskEndsItsRequestAlone() {
    SchedulerHarness harness = SchedulerHarness.create();
    Request beside = request(2, 5, 6);
    harness.add(masked(1, 4, (tokens, sampleIndex, words) -> {
      throw new IllegalStateException("deliberate");
    }), beside);

    harness.run().assertRanAsIfAlone(beside).assertAllReturned();

    assertThat(harness.heard.events("finish 1"))
        .containsExactly("finish 1/0 ERROR tokens 0 at 1000");
  }

  @Test void throwingMaskOfARunningSequenceEndsItWithItsTokens() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(masked(1, 4, (tokens, sampleIndex, words) -> {
      if (tokens.numTokens() == 5) {
        throw new IllegalStateException("deliberate");
      }
      return countUp(tokens, sampleIndex, words);
    })).run().assertAllReturned();

    assertThat(harness.heard.events("finish 1"))
        .containsExactly("finish 1/0 ERROR tokens 2 at 1000");
  }

  @Test void sequenceWhoseMaskThrewIsNotInThisStep() {
    int[] numCalls = new int[1];
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(masked(1, 4, (tokens, sampleIndex, words) -> {
      numCalls[0]++;
      throw new IllegalStateException("deliberate");
    }));

    harness.step(step -> {
      assertThat(step.schedule(step.waiting().get(0), 3)).isEqualTo(Grant.BLOCKED);
      assertThat(step.schedule(step.waiting().get(0), 3)).isEqualTo(Grant.NOT_IN_THIS_STEP);
    });

    assertThat(numCalls[0]).isEqualTo(1);
  }

  @Test void runningSequenceWhoseMaskThrewMayBePreempted() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(masked(1, 4, (tokens, sampleIndex, words) -> {
      if (tokens.numTokens() == 4) {
        throw new IllegalStateException("deliberate");
      }
      return countUp(tokens, sampleIndex, words);
    }));
    harness.step();

    harness.step(step -> {
      step.schedule(step.running().get(0), 1);
      step.preempt(step.running().get(0));
    });

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ERROR);
    harness.assertAllReturned();
  }

  @Test void throwingMaskBeforeTheForkEndsAllSamples() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(asking(1, 5, SamplingParameters.builder().maxNewTokens(2).numSamples(3).build())
        .tokenMask((tokens, sampleIndex, words) -> {
          throw new IllegalStateException("deliberate");
        }).build());

    harness.run().assertAllReturned();

    assertThat(harness.heard.events("finish")).hasSize(3).allMatch(end -> end.contains("ERROR"));
  }

  @Test void maskThatPermitsNothingEndsItsRequest() {
    SchedulerHarness harness = SchedulerHarness.create();
    Request beside = request(2, 5, 6);
    harness.add(masked(1, 4, (tokens, sampleIndex, words) -> true), beside);

    harness.run().assertRanAsIfAlone(beside).assertAllReturned();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ERROR);
  }
}
