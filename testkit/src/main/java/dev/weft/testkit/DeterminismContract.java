package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What {@link StepExecutorContract} says of an executor whose spec says deterministic: a request
 * has the same tokens and log-probabilities, to the bit, in whatever schedule it was computed. Each
 * test runs the same requests alone and in another schedule; skipped where nothing was promised.
 */
abstract class DeterminismContract extends SpecContract {
  private static final int MAX_NUM_TOP = 3;
  private static final int MAX_NUM_DRAFTS = 4;
  private static final int MAX_NUM_PROMPT_TOKENS = 256;

  @Test void chunksChangeNoBit() {
    int[] prompt = longestPrompt(0);
    assumeTrue(spec.chunkUnit() < prompt.length, "chunkUnit leaves no room for a chunk");
    for (SamplingParameters sampling : reporting()) {
      List<Said> expected = saidAlone(prompt, sampling);
      HandSequence sequence = hand.add(prompt, sampling, SEED);
      while (sequence.numComputed + spec.chunkUnit() < prompt.length) {
        hand.row(sequence, spec.chunkUnit()).step();
      }

      assertThat(goesOn(sequence, new ArrayList<>())).isEqualTo(expected);
      hand.retire(sequence);
    }
  }

  @Test void strangersInTheBatchChangeNoBit() {
    for (SamplingParameters sampling : reporting()) {
      List<Said> expected = saidAlone(longestPrompt(0), sampling);
      List<Said> expectedOfStranger = saidAlone(longestPrompt(1), sampling);
      HandSequence sequence = hand.add(longestPrompt(0), sampling, SEED);
      HandSequence stranger = hand.add(longestPrompt(1), sampling, SEED);
      List<Said> said = new ArrayList<>();
      List<Said> saidByStranger = new ArrayList<>();
      for (int i = 0; i < NUM_OUTPUT; i++) {
        int row = i % 2;
        StepResult result = row == 0
            ? hand.row(sequence).row(stranger).step()
            : hand.row(stranger).row(sequence).step();
        hear(result, row, said);
        hear(result, 1 - row, saidByStranger);
      }

      assertThat(said).isEqualTo(expected);
      assertThat(saidByStranger).isEqualTo(expectedOfStranger);
      hand.retire(sequence);
      hand.retire(stranger);
    }
  }

  @Test void aPromptBesideADecodeChangesNoBit() {
    assumeTrue(spec.mixesPrefillAndDecode(), "spec: does not mix prefill and decode");
    for (SamplingParameters sampling : reporting()) {
      List<Said> expected = saidAlone(longestPrompt(0), sampling);
      List<Said> expectedOfStranger = saidAlone(longestPrompt(1), sampling);
      HandSequence sequence = hand.add(longestPrompt(0), sampling, SEED);
      List<Said> said = new ArrayList<>();
      hear(hand.row(sequence).step(), 0, said);
      HandSequence stranger = hand.add(longestPrompt(1), sampling, SEED);
      List<Said> saidByStranger = new ArrayList<>();
      StepResult result = hand.row(stranger).row(sequence).step();
      hear(result, 0, saidByStranger);
      hear(result, 1, said);

      assertThat(goesOn(sequence, said)).isEqualTo(expected);
      assertThat(goesOn(stranger, saidByStranger)).isEqualTo(expectedOfStranger);
      hand.retire(sequence);
      hand.retire(stranger);
    }
  }

  @Test void blockPlacementChangesNoBit() {
    assumeTrue(spec.kvKind() == KvKind.BLOCK_TABLE, "spec: no block tables");
    List<List<Said>> expected = new ArrayList<>();
    List<List<Said>> said = new ArrayList<>();
    reporting().forEach(sampling -> expected.add(saidAlone(longestPrompt(0), sampling)));
    hand.scatterBlocks();
    reporting().forEach(sampling -> said.add(saidAlone(longestPrompt(0), sampling)));

    assertThat(said).isEqualTo(expected);
  }

  /** What was decoded one by one is computed at once then. */
  @Test void goingOnInAnotherSlotChangesNoBit() {
    for (SamplingParameters sampling : reporting()) {
      List<Said> expected = saidAlone(longestPrompt(0), sampling);
      HandSequence before = hand.add(longestPrompt(0), sampling, SEED);
      List<Said> said = new ArrayList<>();
      while (said.size() < NUM_OUTPUT / 2) {
        hear(hand.row(before).step(), 0, said);
      }
      HandSequence after =
          hand.add(before.tokens(0, before.tokens.size()), sampling, SEED);

      assertThat(goesOn(after, said)).isEqualTo(expected);
      hand.retire(before);
      hand.retire(after);
    }
  }

  @Test void draftsChangeNoBit() {
    int numDrafts = Math.min(MAX_NUM_DRAFTS, spec.maxNumDraftTokens());
    assumeTrue(numDrafts > 0, "spec: verifies no drafts");
    for (SamplingParameters sampling : reporting()) {
      List<Said> expected = saidAlone(longestPrompt(0), sampling);
      for (int numRight = 0; numRight <= numDrafts; numRight++) {
        int[] drafts = new int[numDrafts];
        for (int i = 0; i < numDrafts; i++) {
          int right = expected.get(1 + i).token;
          drafts[i] = i < numRight ? right : (right + 1) % spec.vocabularySize();
        }
        HandSequence sequence = hand.add(longestPrompt(0), sampling, SEED);
        List<Said> said = new ArrayList<>();
        hear(hand.row(sequence).step(), 0, said);
        hear(hand.row(sequence).drafts(sequence, drafts).step(), 0, said);

        assertThat(goesOn(sequence, said)).as("%d drafts are right", numRight).isEqualTo(expected);
        hand.retire(sequence);
      }
    }
  }

  /** A chain that comes true lies in a tree behind drafts that do not. */
  @Test void treesOfDraftsChangeNoBit() {
    boolean hasTrees = spec.verifiesTrees() && spec.maxNumDraftTokens() >= MAX_NUM_DRAFTS;
    assumeTrue(hasTrees, "spec: no trees of " + MAX_NUM_DRAFTS + " drafts");
    for (SamplingParameters sampling : reporting()) {
      List<Said> expected = saidAlone(longestPrompt(0), sampling);
      int first = expected.get(1).token;
      int second = expected.get(2).token;
      int[] drafts = {other(first), first, other(second), second};
      HandSequence sequence = hand.add(longestPrompt(0), sampling, SEED);
      List<Said> said = new ArrayList<>();
      hear(hand.row(sequence).step(), 0, said);
      hand.row(sequence).draftTree(sequence, drafts, new int[] {-1, -1, 1, 1});
      hear(hand.step(), 0, said);

      assertThat(said).hasSize(4);
      assertThat(goesOn(sequence, said)).isEqualTo(expected);
      hand.retire(sequence);
    }
  }

  /** As long as two fit into a step: the order of a sum hardly shows in a few numbers. */
  private int[] longestPrompt(int index) {
    int numBehind = NUM_OUTPUT + MAX_NUM_DRAFTS;
    int numOfBlocks = (spec.numBlocks() - 1) / 2 * spec.blockSize();
    int numOfSequence = Math.min(spec.maxModelLen(), numOfBlocks) - numBehind;
    int longest = Math.min(numOfSequence, spec.maxNumBatchedTokens() / 2);
    return prompt(index, Math.min(longest, MAX_NUM_PROMPT_TOKENS));
  }

  private int other(int token) {
    return (token + 1) % spec.vocabularySize();
  }

  /** Greedy and sampled, with all log-probabilities that are compared. */
  private List<SamplingParameters> reporting() {
    assumeTrue(spec.isDeterministic(), "spec: does not say that it is deterministic");
    return bothKinds().stream()
        .map(sampling -> sampling.toBuilder().numLogprobs(numTop()).build()).toList();
  }

  private int numTop() {
    return Math.min(MAX_NUM_TOP, spec.maxNumLogprobs());
  }

  private List<Said> saidAlone(int[] prompt, SamplingParameters sampling) {
    HandSequence sequence = hand.add(prompt, sampling, SEED);
    List<Said> said = goesOn(sequence, new ArrayList<>());
    hand.retire(sequence);
    return said;
  }

  /** Runs the sequence alone until it has said enough; the answer is as long whatever comes. */
  private List<Said> goesOn(HandSequence sequence, List<Said> said) {
    while (said.size() < NUM_OUTPUT) {
      hear(hand.row(sequence).step(), 0, said);
    }
    return said.subList(0, NUM_OUTPUT);
  }

  private void hear(StepResult result, int row, List<Said> said) {
    for (int i = 0; i < result.numTokens(row); i++) {
      List<Integer> topTokens = new ArrayList<>();
      List<Float> logprobs = new ArrayList<>();
      logprobs.add(result.logprob(row, i));
      for (int rank = 0; rank < numTop(); rank++) {
        topTokens.add(result.topToken(row, i, rank));
        logprobs.add(result.topLogprob(row, i, rank));
      }
      said.add(new Said(result.token(row, i), topTokens, logprobs));
    }
  }

  /** A token with what was reported of it: its log-probability and the best ones, to the bit. */
  private record Said(int token, List<Integer> topTokens, List<Float> logprobs) {}
}
