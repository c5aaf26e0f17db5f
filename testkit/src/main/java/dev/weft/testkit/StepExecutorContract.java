package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceSeed;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link StepExecutor} must do; a test of an executor extends this. An executor is
 * compared with itself: the same request alone and in other company. A test of something that the
 * spec says is absent is skipped and says so.
 *
 * <p>The file is long because it is one list, in the order: life, placement, slots, sampling, bad
 * plans; the tests of drafts and of what the spec says are inherited.
 */
public abstract class StepExecutorContract extends DeterminismContract {
  /** For the test class that extends it. */
  protected StepExecutorContract() {}

  // ---- life

  @Test void aNewExecutorIsReady() {
    assertThat(executor.state()).isEqualTo(ExecutorState.READY);
    assertThat(executor.failureMessage()).isEmpty();
    assertThat(executor.lastGoodStepId()).isZero();
  }

  @Test void pollAnswersFalseWhenNothingWasSubmitted() throws InterruptedException {
    StepResult result = new StepResult(spec.maxNumRows(), spec.maxNumDraftTokens(), 20);

    assertThat(executor.poll(result)).isFalse();
    assertThat(executor.await(0)).isFalse();
  }

  @Test void resultsComeInSubmissionOrder() {
    HandSequence sequence = hand.add(prompt(0, 5), GREEDY, SEED);
    int numSteps = Math.min(spec.maxInFlight(), NUM_OUTPUT);
    for (int i = 0; i < numSteps; i++) {
      hand.row(sequence).submit();
    }

    for (int i = 1; i <= numSteps; i++) {
      assertThat(hand.finishNext().stepId()).isEqualTo(i);
      assertThat(executor.lastGoodStepId()).isGreaterThanOrEqualTo(i);
    }
  }

  @Test void noMoreStepsAreTakenThanMayBeInFlight() {
    HandSequence sequence = hand.add(prompt(0, 5), GREEDY, SEED);
    for (int i = 0; i < spec.maxInFlight(); i++) {
      hand.row(sequence).submit();
    }

    assertThatThrownBy(() -> hand.row(sequence).submit()).isInstanceOf(IllegalStateException.class);
    assertThat(hand.finishNext().stepId()).isEqualTo(1);
  }

  @Test void aPlanWithoutRowsCompletes() {
    HandSequence sequence = hand.add(prompt(0, 5), GREEDY, SEED);
    hand.row(sequence).step();
    hand.detach(sequence);

    StepResult result = hand.step();

    assertThat(result.stepId()).isEqualTo(2);
    assertThat(result.numRows()).isZero();
    assertThat(result.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
  }

  @Test void closingTwiceIsClosingOnce() {
    HandSequence sequence = hand.add(prompt(0, 5), GREEDY, SEED);
    hand.row(sequence).submit();

    executor.close();
    executor.close();

    assertThat(executor.state()).isEqualTo(ExecutorState.CLOSED);
    assertThat(executor.submit(hand.writer().detach(sequence.slot).write())).isFalse();
    assertThat(executor.poll(new StepResult(spec.maxNumRows(), spec.maxNumDraftTokens(), 20)))
        .isFalse();
  }

  // ---- tokens do not depend on how a request was scheduled

  @Test void chunksDoNotChangeTokens() {
    int[] prompt = longPrompt(0);
    assumeTrue(spec.chunkUnit() < prompt.length, "chunkUnit leaves no room for a chunk");
    for (SamplingParameters sampling : bothKinds()) {
      int[] expected = hand.alone(prompt, sampling, SEED, NUM_OUTPUT);
      HandSequence sequence = hand.add(prompt, sampling, SEED);
      while (sequence.numComputed + spec.chunkUnit() < prompt.length) {
        assertThat(hand.row(sequence, spec.chunkUnit()).step().numTokens(0)).isZero();
      }

      assertThat(hand.generate(sequence, NUM_OUTPUT)).isEqualTo(expected);
      hand.retire(sequence);
    }
  }

  @Test void strangersInTheBatchDoNotChangeTokens() {
    for (SamplingParameters sampling : bothKinds()) {
      int[] expected = hand.alone(longPrompt(0), sampling, SEED, NUM_OUTPUT);
      int[] expectedOfStranger = hand.alone(longPrompt(1), sampling, SEED + 1, NUM_OUTPUT);
      HandSequence stranger = hand.add(longPrompt(1), sampling, SEED + 1);
      HandSequence sequence = hand.add(longPrompt(0), sampling, SEED);
      for (int i = 0; i < NUM_OUTPUT; i++) {
        boolean isFirst = i % 2 == 0;
        hand.row(isFirst ? stranger : sequence).row(isFirst ? sequence : stranger).step();
      }

      assertThat(sequence.output()).isEqualTo(expected);
      assertThat(stranger.output()).isEqualTo(expectedOfStranger);
      hand.retire(stranger);
      hand.retire(sequence);
    }
  }

  @Test void aPromptBesideADecodeDoesNotChangeTokens() {
    assumeTrue(spec.mixesPrefillAndDecode(), "spec: does not mix prefill and decode");
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT);
    int[] expectedOfStranger = hand.alone(prompt(1, 7), GREEDY, SEED, NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.generate(sequence, 2);
    HandSequence stranger = hand.add(prompt(1, 7), GREEDY, SEED);
    while (sequence.numOutputTokens() < NUM_OUTPUT) {
      hand.row(sequence).row(stranger).step();
    }

    assertThat(sequence.output()).isEqualTo(expected);
    assertThat(hand.generate(stranger, NUM_OUTPUT)).isEqualTo(expectedOfStranger);
  }

  @Test void blockPlacementDoesNotChangeTokens() {
    assumeBlockTables();
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT);
    hand.scatterBlocks();

    assertThat(hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT)).isEqualTo(expected);
  }

  @Test void theSampledTokenStaysOnTheDeviceAcrossStepsInFlight() {
    for (SamplingParameters sampling : bothKinds()) {
      int[] expected = hand.alone(longPrompt(0), sampling, SEED, NUM_OUTPUT);
      HandSequence sequence = hand.add(longPrompt(0), sampling, SEED);
      int numInFlight = 0;
      for (int i = 0; i < NUM_OUTPUT; i++) {
        if (numInFlight == spec.maxInFlight()) {
          hand.finishNext();
          numInFlight--;
        }
        hand.row(sequence).submit();
        numInFlight++;
      }
      for (; numInFlight > 0; numInFlight--) {
        hand.finishNext();
      }

      assertThat(sequence.output()).isEqualTo(expected);
      hand.retire(sequence);
    }
  }

  // ---- shared and copied blocks

  @Test void twoSlotsShareAPrefix() {
    assumeBlockTables();
    int[] prompt = longPrompt(0);
    int[] expected = hand.alone(prompt, GREEDY, SEED, NUM_OUTPUT);
    HandSequence first = hand.add(prompt, GREEDY, SEED);
    hand.row(first).step();
    HandSequence second = hand.add(prompt, GREEDY, SEED);
    hand.adopt(second, 2 * spec.blockSize(), first.blocks.get(0), first.blocks.get(1));

    assertThat(hand.generate(second, NUM_OUTPUT)).isEqualTo(expected);
    assertThat(hand.generate(first, NUM_OUTPUT)).isEqualTo(expected);
  }

  @Test void aRowReadsBlocksWrittenInTheSameStep() {
    assumeBlockTables();
    int[] prompt = longPrompt(0);
    int[] expected = hand.alone(prompt, GREEDY, SEED, NUM_OUTPUT);
    HandSequence writer = hand.add(prompt, GREEDY, SEED);
    HandSequence reader = hand.add(prompt, GREEDY, SEED);
    int first = hand.takeBlock();
    int second = hand.takeBlock();
    hand.adopt(writer, 0, first, second);
    hand.adopt(reader, 2 * spec.blockSize(), first, second);

    hand.row(reader).row(writer).step();

    assertThat(hand.generate(reader, NUM_OUTPUT)).isEqualTo(expected);
    assertThat(hand.generate(writer, NUM_OUTPUT)).isEqualTo(expected);
  }

  @Test void blocksAreCopiedInListOrderBeforeTheForwardPass() {
    assumeBlockTables();
    assumeTrue(spec.supportsBlockCopies(), "spec: cannot copy blocks");
    int[] prompt = longPrompt(0);
    long seedOfSample = SequenceSeed.ofSample(SEED, 1);
    int[] expected = hand.alone(prompt, sampled(), SEED, NUM_OUTPUT);
    int[] expectedOfFork = hand.alone(prompt, sampled(), seedOfSample, NUM_OUTPUT);
    HandSequence parent = hand.add(prompt, sampled(), SEED);
    hand.row(parent).step();
    HandSequence fork = hand.add(prompt, sampled(), seedOfSample);
    int between = hand.takeBlock();
    int copy = hand.takeBlock();
    hand.adopt(fork, prompt.length - 1, parent.blocks.get(0), parent.blocks.get(1), copy);
    hand.writer().copyBlock(parent.blocks.get(2), between).copyBlock(between, copy);

    assertThat(hand.generate(fork, NUM_OUTPUT)).isEqualTo(expectedOfFork);
    assertThat(hand.generate(parent, NUM_OUTPUT)).isEqualTo(expected);
  }

  @Test void aTableCanBeTurnedToACopy() {
    assumeBlockTables();
    assumeTrue(spec.supportsBlockCopies(), "spec: cannot copy blocks");
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.generate(sequence, 2);
    int copy = hand.takeBlock();
    int last = (sequence.numComputed - 1) / spec.blockSize();
    hand.writer().block(sequence.slot, last, copy).copyBlock(sequence.blocks.get(last), copy);

    assertThat(hand.generate(sequence, NUM_OUTPUT)).isEqualTo(expected);
  }

  // ---- slots

  @Test void aSlotKeepsNothingOfTheOneBefore() {
    int[] expected = hand.alone(prompt(1, 5), GREEDY, SEED, NUM_OUTPUT);
    HandSequence before = hand.add(longPrompt(0),
        sampled(b -> b.stopTokenIds(expected).minNewTokens(32)), SEED);
    hand.generate(before, 3);
    hand.detach(before);
    hand.step();
    HandSequence after = hand.addAt(before.slot, prompt(1, 5), GREEDY, SEED);

    assertThat(hand.generate(after, NUM_OUTPUT)).isEqualTo(expected);
  }

  @Test void aRequestContinuesInAnotherSlot() {
    int[] expected = hand.alone(longPrompt(0), sampled(), SEED, NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), sampled(), SEED);
    hand.generate(sequence, 2);
    hand.detach(sequence);
    int[] known = sequence.tokens(0, sequence.tokens.size());
    HandSequence resumed = hand.add(known, sampled(), SEED);

    int[] rest = hand.generate(resumed, NUM_OUTPUT - 2);

    assertThat(rest).isEqualTo(Arrays.copyOfRange(expected, 2, NUM_OUTPUT));
  }

  // ---- sampling

  @Test void equalSeedsReproduceAndOthersDiffer() {
    int[] first = hand.alone(longPrompt(0), sampled(), 1, NUM_OUTPUT);
    Set<List<Integer>> outputs = new HashSet<>();
    for (long seed = 1; seed <= 4; seed++) {
      outputs.add(Arrays.stream(hand.alone(longPrompt(0), sampled(), seed, NUM_OUTPUT)).boxed()
          .toList());
    }

    assertThat(hand.alone(longPrompt(0), sampled(), 1, NUM_OUTPUT)).isEqualTo(first);
    assertThat(outputs).hasSizeGreaterThan(1);
  }

  /** At the highest temperature logits hardly matter: equal noise would draw one token for ever. */
  @Test void everyPositionDrawsWithNoiseOfItsOwn() {
    SamplingParameters hot = sampled(b -> b.temperature(100));
    for (long seed = 1; seed <= 4; seed++) {
      int[] output = hand.alone(longPrompt(0), hot, seed, NUM_OUTPUT);

      assertThat(Arrays.stream(output).distinct().count()).as("tokens with seed %d", seed)
          .isGreaterThan(1);
    }
  }

  @Test void topKOfOneIsGreedy() {
    int[] greedy = hand.alone(longPrompt(0), GREEDY, 1, NUM_OUTPUT);

    assertThat(hand.alone(longPrompt(0), sampled(b -> b.topK(1)), 2, NUM_OUTPUT)).isEqualTo(greedy);
  }

  @Test void stopTokensAreWithheldUntilMinNewTokens() {
    int[] plain = hand.alone(longPrompt(0), GREEDY, SEED, 1);
    SamplingParameters stops = greedy(b -> b.stopTokenIds(plain[0]));
    SamplingParameters withheld = greedy(b -> b.stopTokenIds(plain[0]).minNewTokens(NUM_OUTPUT));

    assertThat(hand.alone(longPrompt(0), stops, SEED, 1)).isEqualTo(plain);
    assertThat(hand.alone(longPrompt(0), withheld, SEED, NUM_OUTPUT)).doesNotContain(plain[0]);
  }

  @Test void biasesForceAndBan() {
    int[] plain = hand.alone(longPrompt(0), GREEDY, SEED, 1);
    int other = (plain[0] + 1) % spec.vocabularySize();
    SamplingParameters forced = greedy(b -> b.logitBias(Map.of(other, 100f)));
    SamplingParameters banned = greedy(b -> b.logitBias(Map.of(plain[0], -100f)));

    assertThat(hand.alone(longPrompt(0), forced, SEED, 1)).containsExactly(other);
    assertThat(hand.alone(longPrompt(0), banned, SEED, 1)).doesNotContain(plain[0]);
  }

  @Test void masksAreRespected() {
    assumeTrue(spec.supportsMasks(), "spec: no token masks");
    int[] plain = hand.alone(longPrompt(0), GREEDY, SEED, 1);
    int last = spec.vocabularySize() - 1;
    int other = plain[0] == last ? 0 : last;

    assertThat(masked(other)).isEqualTo(other);
    assertThat(masked(other, plain[0])).isEqualTo(plain[0]);
  }

  private int masked(int... permitted) {
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.row(sequence);
    hand.writer().mask(spec.vocabularySize(), permitted);
    int token = hand.step().token(0, 0);
    hand.retire(sequence);
    return token;
  }

  @Test void logprobsAreReportedWhereAskedFor() {
    assumeTrue(spec.maxNumLogprobs() >= 0, "spec: reports no log-probabilities");
    int num = Math.min(3, spec.maxNumLogprobs());
    HandSequence asks = hand.add(longPrompt(0), greedy(b -> b.numLogprobs(num)), SEED);
    HandSequence doesNot = hand.add(longPrompt(1), GREEDY, SEED);

    StepResult result = hand.row(asks).row(doesNot).step();

    assertThat(result.logprob(0, 0)).isLessThanOrEqualTo(0);
    assertThat(IntStream.range(0, num).map(r -> result.topToken(0, 0, r)).distinct().count())
        .isEqualTo(num);
    for (int rank = 0; rank < num; rank++) {
      float above = rank == 0 ? result.logprob(0, 0) : result.topLogprob(0, 0, rank - 1);
      assertThat(result.topLogprob(0, 0, rank)).isLessThanOrEqualTo(above);
    }
    assertThat(num == 0 ? result.token(0, 0) : result.topToken(0, 0, 0))
        .isEqualTo(result.token(0, 0));
    assertThat(result.logprob(1, 0)).isNaN();
    assertThat(result.topToken(1, 0, 0)).isEqualTo(-1);
  }

  // ---- bad plans

  @Test void aPlanThatBreaksTheSpecIsRefusedAndChangesNothing() {
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.generate(sequence, 2);
    int slot = sequence.slot;
    int start = sequence.numComputed;

    refuses(slot, plan -> plan.sampledRow(slot, start, spec.vocabularySize()));
    refuses(slot, plan -> plan.sampledRow(slot, start, -2));
    refuses(slot, plan -> plan.sampledRow(slot, start));
    refuses(slot, plan -> plan.sampledRow(spec.numSlots(), start, 1));
    refuses(slot, plan -> plan.sampledRow(slot + 1, start, 1));
    refuses(slot, plan -> plan.sampledRow(slot, start, 1).sampledRow(slot, start, 1));
    refuses(slot, plan -> plan.sampledRow(slot, spec.maxModelLen(), 1));
    refuses(slot, plan -> plan.sampledRow(slot, start, 1)
        .drafts(new int[spec.maxNumDraftTokens() + 1]));
    refuses(slot, plan -> plan.row(slot, start, new int[spec.maxNumBatchedTokens() + 1]));
    if (spec.kvKind() == KvKind.BLOCK_TABLE) {
      refuses(slot, plan -> plan.block(slot, 0, spec.numBlocks()).rowOnDevice(slot, start));
      refuses(slot, plan -> plan.block(slot, 0, 0).rowOnDevice(slot, start));
      refuses(slot, plan -> plan.copyBlock(1, spec.numBlocks()).rowOnDevice(slot, start));
    }

    assertThat(hand.generate(sequence, NUM_OUTPUT)).isEqualTo(expected);
  }
}
