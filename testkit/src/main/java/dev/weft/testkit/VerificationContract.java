package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What {@link StepExecutorContract} says of drafts: chains, trees, masks behind them, and rows that
 * go back. Whatever is drafted, tokens are those of plain decoding, in this step and in all that
 * follow.
 */
abstract class VerificationContract {
  /** Output tokens of every request. */
  static final int NUM_OUTPUT = 6;
  static final SamplingParameters GREEDY = SamplingParameters.greedy(32);
  static final long SEED = 77;

  /** A tree by parents; what an executor has no room for is cut off its end. */
  private static final int[] TREE = {-1, -1, 1, 0, 1, 4, 2};

  StepExecutor executor;
  ExecutorSpec spec;
  HandScheduler hand;

  /**
   * Makes an executor. One that cannot choose its own size may ignore what is wanted; it must have
   * at least 4 slots, 2 rows, and room for 3 blocks and 16 tokens in a sequence and in a step, for
   * 5 blocks in a step, and blocks for six such sequences.
   */
  protected abstract StepExecutor create(ExecutorSpec wanted);

  /**
   * A prompt. Where logits are compared by tolerance, override this with prompts on which the best
   * two logits are far apart.
   *
   * @param index prompts of different index begin differently
   */
  protected int[] prompt(int index, int numTokens) {
    return IntStream.range(0, numTokens)
        .map(i -> (int) Long.remainderUnsigned(HashModel.mix(1000L * index + i),
            executor.spec().vocabularySize()))
        .toArray();
  }

  @BeforeEach final void open() {
    executor = create(ExecutorSpec.builder().vocabularySize(256).maxModelLen(64).blockSize(4)
        .numBlocks(64).numSlots(8).maxNumRows(4).maxNumBatchedTokens(64)
        .maxNumDraftTokens(7).verifiesTrees(true).maxInFlight(3).maxNumLogprobs(5).build());
    spec = executor.spec();
    hand = new HandScheduler(executor);
    int numTokens = 3 * spec.blockSize() + 16;
    assertThat(spec.numSlots()).as("numSlots").isGreaterThanOrEqualTo(4);
    assertThat(spec.maxNumRows()).as("maxNumRows").isGreaterThanOrEqualTo(2);
    assertThat(spec.maxModelLen()).as("maxModelLen").isGreaterThanOrEqualTo(numTokens);
    assertThat(spec.maxNumBatchedTokens()).as("maxNumBatchedTokens")
        .isGreaterThanOrEqualTo(Math.max(numTokens, 2 * longPrompt(0).length));
  }

  @AfterEach final void close() {
    executor.close();
  }

  /** How far log-probabilities of the same tokens may be apart; 0 where bits are the same. */
  protected float logprobTolerance() {
    return 0;
  }

  // ---- drafts

  @Test void draftsAreAcceptedWhileEqualToPlainDecoding() {
    assumeTrue(spec.maxNumDraftTokens() > 0, "spec: verifies no drafts");
    int numDrafts = Math.min(3, spec.maxNumDraftTokens());
    for (SamplingParameters sampling : bothKinds()) {
      int[] expected = hand.alone(longPrompt(0), sampling, SEED, NUM_OUTPUT);
      for (int numRight = 0; numRight <= numDrafts; numRight++) {
        HandSequence sequence = hand.add(longPrompt(0), sampling, SEED);
        hand.generate(sequence, 1);
        int[] drafts = Arrays.copyOfRange(expected, 1, 1 + numDrafts);
        for (int i = numRight; i < numDrafts; i++) {
          drafts[i] = (drafts[i] + 1) % spec.vocabularySize();
        }

        StepResult result = hand.row(sequence).drafts(sequence, drafts).step();

        assertThat(result.numTokens(0)).isEqualTo(numRight + 1);
        assertThat(Arrays.copyOf(hand.generate(sequence, NUM_OUTPUT), NUM_OUTPUT))
            .isEqualTo(expected);
        hand.retire(sequence);
      }
    }
  }

  @Test void placeholdersAreRejected() {
    assumeTrue(spec.maxNumDraftTokens() > 0, "spec: verifies no drafts");
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.generate(sequence, 1);

    StepResult result = hand.row(sequence).placeholders(sequence, 1).step();

    assertThat(result.numTokens(0)).isEqualTo(1);
    assertThat(hand.generate(sequence, NUM_OUTPUT)).isEqualTo(expected);
  }

  // ---- trees

  @Test void aTreeIsAcceptedAlongThePathOfPlainDecoding() {
    int[] parents = tree();
    for (SamplingParameters sampling : bothKinds()) {
      int[] expected = hand.alone(longPrompt(0), sampling, SEED, NUM_OUTPUT);
      int[] expectedOfStranger = hand.alone(prompt(1, 5), sampling, SEED, NUM_OUTPUT);
      for (int leaf = -1; leaf < parents.length; leaf++) {
        HandSequence sequence = hand.add(longPrompt(0), sampling, SEED);
        HandSequence stranger = hand.add(prompt(1, 5), sampling, SEED);
        hand.row(sequence).row(stranger).step();
        int[] drafts = draftsThatAreRightTo(leaf, parents, expected);

        StepResult result =
            hand.row(stranger).row(sequence).draftTree(sequence, drafts, parents).step();

        assertThat(result.numTokens(1)).isEqualTo(1 + path(leaf, parents).size());
        hand.row(stranger).row(sequence).step();
        assertThat(Arrays.copyOf(hand.generate(sequence, NUM_OUTPUT), NUM_OUTPUT))
            .as("draft %d", leaf).isEqualTo(expected);
        assertThat(hand.generate(stranger, NUM_OUTPUT)).isEqualTo(expectedOfStranger);
        hand.retire(sequence);
        hand.retire(stranger);
      }
    }
  }

  @Test void aDraftCountsBehindItsOwnParentAlone() {
    assumeTrue(tree().length > 2, "spec: a tree has two drafts at most");
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.generate(sequence, 1);
    int wrong = (expected[1] + 1) % spec.vocabularySize();
    int[] drafts = {wrong, expected[1], expected[2]};

    StepResult result =
        hand.row(sequence).draftTree(sequence, drafts, new int[] {-1, -1, 0}).step();

    assertThat(result.numTokens(0)).isEqualTo(2);
    assertThat(hand.generate(sequence, NUM_OUTPUT)).isEqualTo(expected);
  }

  /** Masks force the path, so that also unlikely ones are taken. */
  @Test void everyPathOfATreeIsThatOfPlainDecoding() {
    assumeTrue(spec.supportsMasks(), "spec: no token masks");
    int[] parents = tree();
    int[] drafts = IntStream.range(0, parents.length).map(i -> 10 + 7 * i).toArray();
    for (int leaf = 0; leaf < parents.length; leaf++) {
      int[] forced = path(leaf, parents).stream().mapToInt(draft -> drafts[draft]).toArray();
      HandSequence plain = hand.add(longPrompt(0), reporting(), SEED);
      HandSequence sequence = hand.add(longPrompt(0), reporting(), SEED);
      hand.row(plain).row(sequence).step();
      List<Float> expected = forcedOneByOne(plain, forced);

      hand.row(sequence).draftTree(sequence, drafts, parents);
      forceTo(leaf, drafts, parents);
      StepResult result = hand.step();

      assertThat(result.numTokens(0)).isEqualTo(forced.length + 1);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(result.logprob(0, i)).isCloseTo(expected.get(i), within(logprobTolerance()));
      }
      hand.generate(sequence, forced.length + 4);
      assertThat(sequence.output()).isEqualTo(hand.generate(plain, forced.length + 4));
      hand.retire(plain);
      hand.retire(sequence);
    }
  }

  /** The log-probabilities of forced tokens and of one behind them; none when not reported. */
  private List<Float> forcedOneByOne(HandSequence sequence, int[] forced) {
    List<Float> logprobs = new ArrayList<>();
    for (int i = 0; i <= forced.length; i++) {
      hand.row(sequence);
      if (i < forced.length) {
        hand.writer().mask(spec.vocabularySize(), forced[i]);
      }
      StepResult result = hand.step();
      if (spec.maxNumLogprobs() >= 0) {
        logprobs.add(result.logprob(0, 0));
      }
    }
    return logprobs;
  }

  /** Permits the path to a draft alone, and behind it everything. */
  private void forceTo(int leaf, int[] drafts, int[] parents) {
    for (int draft = leaf; draft >= 0; draft = parents[draft]) {
      if (parents[draft] < 0) {
        hand.writer().mask(spec.vocabularySize(), drafts[draft]);
      } else {
        hand.writer().maskBehind(parents[draft], spec.vocabularySize(), drafts[draft]);
      }
    }
  }

  @Test void treesFollowOneAnother() {
    int[] parents = tree();
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, 3 * NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.generate(sequence, 1);

    while (sequence.numOutputTokens() + 4 < 2 * NUM_OUTPUT) {
      int from = sequence.numOutputTokens() - 1;
      int[] rest = Arrays.copyOfRange(expected, from, expected.length);
      int leaf = sequence.numOutputTokens() % parents.length;
      hand.row(sequence)
          .draftTree(sequence, draftsThatAreRightTo(leaf, parents, rest), parents).step();
    }

    assertThat(sequence.output()).isEqualTo(Arrays.copyOf(expected, sequence.numOutputTokens()));
  }

  @Test void everyDraftHasAMaskOfItsOwn() {
    assumeTrue(spec.supportsMasks(), "spec: no token masks");
    int numDrafts = Math.min(3, spec.maxNumDraftTokens());
    assumeTrue(numDrafts > 0, "spec: verifies no drafts");
    for (SamplingParameters sampling : bothKinds()) {
      HandSequence plain = hand.add(longPrompt(0), sampling, SEED);
      HandSequence sequence = hand.add(longPrompt(0), sampling, SEED);
      hand.row(plain).row(sequence).step();
      for (int i = 0; i <= numDrafts; i++) {
        hand.row(plain);
        hand.writer().mask(spec.vocabularySize(), permitted(i));
        hand.step();
      }

      hand.row(sequence).drafts(sequence, plain.tokens(plain.numPromptTokens + 1, numDrafts));
      hand.writer().mask(spec.vocabularySize(), permitted(0));
      for (int draft = 0; draft < numDrafts; draft++) {
        hand.writer().maskBehind(draft, spec.vocabularySize(), permitted(1 + draft));
      }
      hand.step();

      assertThat(sequence.output()).isEqualTo(plain.output());
      hand.retire(plain);
      hand.retire(sequence);
    }
  }

  private int[] permitted(int index) {
    return new int[] {10 + index, 30 + index, 50 + index};
  }

  @Test void aBadTreeIsRefusedAndChangesNothing() {
    int[] parents = tree();
    assumeTrue(parents.length > 2, "spec: a tree has two drafts at most");
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.generate(sequence, 1);
    hand.row(sequence).placeholders(sequence, 3).step(); // leaves room in the table
    int slot = sequence.slot;
    int start = sequence.numComputed;

    refuses(slot, plan -> plan.sampledRow(slot, start, 1)
        .draftTree(new int[] {5, 6}, new int[] {-1, 1}));
    refuses(slot, plan -> plan.sampledRow(slot, start, 1)
        .draftTree(new int[] {5, 6}, new int[] {1, -1}));
    refuses(slot, plan -> plan.sampledRow(slot, start, 1)
        .draftTree(new int[] {5, 6}, new int[] {-1, -2}));
    refuses(slot, plan -> plan.sampledRow(slot, start, 1)
        .draftTree(new int[] {5, 5}, new int[] {-1, -1}));

    assertThat(hand.generate(sequence, NUM_OUTPUT)).isEqualTo(expected);
  }

  // ---- going back

  @Test void aRowMayGoBackAndReplaceTokens() {
    List<SamplingParameters> samplings = new ArrayList<>(bothKinds());
    samplings.add(greedy(b -> b.repetitionPenalty(0.2f))); // makes it repeat what it knows
    for (SamplingParameters sampling : samplings) {
      HandSequence sequence = hand.add(longPrompt(0), sampling, SEED);
      hand.generate(sequence, 4);
      int position = sequence.numPromptTokens + 1;
      int other = (sequence.tokens.get(position) + 1) % spec.vocabularySize();
      int[] replaced = Arrays.copyOf(sequence.tokens(0, position), position + 1);
      replaced[position] = other;
      int[] expected = hand.alone(replaced, sampling, SEED, NUM_OUTPUT);

      sequence.goBack(position, other);
      hand.generate(sequence, 2 + NUM_OUTPUT);

      assertThat(sequence.tokens(position + 1, NUM_OUTPUT)).isEqualTo(expected);
      hand.retire(sequence);
    }
  }

  private SamplingParameters reporting() {
    return sampled(b -> b.numLogprobs(Math.min(0, spec.maxNumLogprobs())));
  }

  private int[] tree() {
    assumeTrue(spec.verifiesTrees(), "spec: verifies no trees");
    return Arrays.copyOf(TREE, Math.min(TREE.length, spec.maxNumDraftTokens()));
  }

  /** The drafts from below the root to this one. */
  private static List<Integer> path(int draft, int[] parents) {
    List<Integer> path = new ArrayList<>();
    for (int ancestor = draft; ancestor >= 0; ancestor = parents[ancestor]) {
      path.add(0, ancestor);
    }
    return path;
  }

  /**
   * Drafts of which those on the path to a leaf are what comes, and all others are not.
   *
   * @param expected the output, of which one token is out
   */
  private int[] draftsThatAreRightTo(int leaf, int[] parents, int[] expected) {
    List<Integer> path = path(leaf, parents);
    int[] drafts = new int[parents.length];
    for (int draft = 0; draft < drafts.length; draft++) {
      int depth = path(draft, parents).size();
      int right = expected[depth];
      drafts[draft] = path.contains(draft) ? right : (right + 1 + draft) % spec.vocabularySize();
    }
    return drafts;
  }

  // ---- shapes

  /** Two full blocks and a part of a third one. */
  final int[] longPrompt(int index) {
    return prompt(index, 2 * spec.blockSize() + Math.max(1, spec.blockSize() / 2));
  }

  static List<SamplingParameters> bothKinds() {
    return List.of(GREEDY, sampled());
  }

  static SamplingParameters sampled() {
    return sampled(b -> { });
  }

  static SamplingParameters sampled(Consumer<SamplingParameters.Builder> change) {
    return greedy(b -> change.accept(b.temperature(1.5f)));
  }

  static SamplingParameters greedy(Consumer<SamplingParameters.Builder> change) {
    SamplingParameters.Builder builder = SamplingParameters.builder().maxNewTokens(32);
    change.accept(builder);
    return builder.build();
  }

  final void assumeBlockTables() {
    assumeTrue(spec.kvKind() == KvKind.BLOCK_TABLE, "spec: no block tables");
  }

  /** Submits a bad plan that would also let the slot's table begin with a strange block. */
  final void refuses(int slot, Consumer<PlanWriter> change) {
    PlanWriter writer = hand.writer().fork();
    if (spec.kvKind() == KvKind.BLOCK_TABLE) {
      writer.block(slot, 0, spec.numBlocks() - 1);
    }
    change.accept(writer);
    assertThatThrownBy(() -> executor.submit(writer.write()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
