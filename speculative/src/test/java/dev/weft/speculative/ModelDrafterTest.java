package dev.weft.speculative;

import static dev.weft.speculative.DraftExecutors.VOCABULARY_SIZE;
import static dev.weft.speculative.DraftExecutors.concat;
import static dev.weft.speculative.DraftExecutors.continuation;
import static dev.weft.speculative.DraftExecutors.spec;
import static dev.weft.speculative.DraftExecutors.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;
import dev.weft.testkit.DrafterContract;
import dev.weft.testkit.HandDraftBatch;
import dev.weft.testkit.HashModel;
import dev.weft.testkit.HashModelExecutor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The drafts are what the draft model alone would generate, whatever happened before. */
class ModelDrafterTest extends DrafterContract {
  private static final SamplingParameters GREEDY = SamplingParameters.greedy(1);

  @Override protected Drafter create() {
    return drafter(spec().build(), 4);
  }

  private static ModelDrafter drafter(ExecutorSpec spec, int maxNumDraftTokens) {
    return new ModelDrafter(DraftModel.over(HashModelExecutor.completingAtOnce(spec), () -> 0),
        maxNumDraftTokens);
  }

  @Test void draftsAreWhatTheModelSaysNext() {
    int[] known = text(1, 40);

    int[][] drafts = new HandDraftBatch().with(0, 4, known).with(1, 2, text(2, 3))
        .proposalsOf(create());

    assertThat(drafts[0]).isEqualTo(continuation(GREEDY, 0, 4, known));
    assertThat(drafts[1]).isEqualTo(continuation(GREEDY, 0, 2, text(2, 3)));
  }

  @Test void whatWasRejectedIsComputedAgain() {
    Drafter drafter = create();
    int[] known = text(1, 40);
    for (int round = 0; round < 40; round++) {
      int[] drafts = new HandDraftBatch().with(0, 4, known).proposalsOf(drafter)[0];
      assertThat(drafts).as("round %d", round).isEqualTo(continuation(GREEDY, 0, 4, known));
      int numAccepted = round % 5;
      int next = numAccepted == 4 ? 3 : (drafts[numAccepted] + 1 + round % 3) % VOCABULARY_SIZE;
      known = concat(known, concat(Arrays.copyOf(drafts, numAccepted), next));
      for (int undrafted = 0; undrafted < round % 3; undrafted++) {
        known = concat(known, (round + undrafted) % VOCABULARY_SIZE);
      }
    }
  }

  @Test void aStepComputesNothingTwiceWhenAllDraftsComeOut() {
    GatedExecutor executor = new GatedExecutor(spec().build());
    Drafter drafter = new ModelDrafter(DraftModel.over(executor, executor::nanoTime), 4);
    int[] known = text(1, 400);
    int[] drafts = new HandDraftBatch().with(0, 4, known).proposalsOf(drafter)[0];
    executor.maxNumTokens = 0;

    new HandDraftBatch().with(0, 4, concat(concat(known, drafts), 5)).proposalsOf(drafter);

    assertThat(executor.maxNumTokens).isEqualTo(2); // the last draft, and the token behind it
  }

  @Test void sampledDraftsUseSeedAndPositionOfTheRequest() {
    SamplingParameters sampled = SamplingParameters.sampled(9, 0.8f, 77);
    int[] known = text(1, 20);

    int[][] drafts = new HandDraftBatch().sampling(sampled).with(3, 4, known)
        .with(5, 4, known).proposalsOf(create());

    assertThat(drafts[0]).isEqualTo(continuation(sampled, 3, 4, known));
    assertThat(drafts[1]).isEqualTo(continuation(sampled, 5, 4, known));
  }

  @Test void rejectionSamplingIsToldTheDistribution() {
    SamplingParameters sampled = SamplingParameters.builder().maxNewTokens(9).temperature(0.5f)
        .topP(0.5f).minP(0.2f).verification(Verification.REJECTION).build();
    HashModel model = new HashModel(VOCABULARY_SIZE);
    HashModel.Context context = new HashModel.Context(0);
    int[] known = text(1, 20);
    Arrays.stream(known).forEach(context::append);

    Drafts drafts = new HandDraftBatch().vocabularySize(VOCABULARY_SIZE).sampling(sampled)
        .with(3, 4, known).show(create()).drafts(0);

    assertThat(drafts.numDrafts()).isEqualTo(4);
    assertThat(drafts.numChoices(0)).isEqualTo(VOCABULARY_SIZE);
    for (int i = 0; i < VOCABULARY_SIZE; i++) {
      assertThat(drafts.choice(0, i)).isEqualTo(model.topToken(context.logits(), i));
    }
    float top = model.logprob(context.logits(), drafts.choice(0, 0));
    float second = model.logprob(context.logits(), drafts.choice(0, 1));
    assertThat(drafts.probability(0, 1) / drafts.probability(0, 0))
        .isCloseTo((float) Math.exp((second - top) / 0.5), within(1e-5f));
  }

  private static org.assertj.core.data.Offset<Float> within(float value) {
    return org.assertj.core.data.Offset.offset(value);
  }

  @Test void rejectionSamplingDrawsIndependentlyOfTheTarget() {
    SamplingParameters coupled = SamplingParameters.sampled(9, 0.8f, 77);
    int[] known = text(1, 20);

    int[][] drawn = new HandDraftBatch().vocabularySize(VOCABULARY_SIZE)
        .sampling(coupled.toBuilder().verification(Verification.REJECTION).build())
        .with(3, 4, known).proposalsOf(create());

    assertThat(drawn[0]).isNotEqualTo(continuation(coupled, 3, 4, known));
  }

  /** The draft executor of these tests knows nothing but COUPLED. */
  @Test void howTheTargetVerifiesIsNotAskedOfTheDraftModel() {
    int[] known = text(1, 20);
    for (Verification verification : Verification.values()) {
      int[][] drafts = new HandDraftBatch()
          .sampling(GREEDY.toBuilder().verification(verification).build())
          .with(3, 4, known).proposalsOf(create());

      assertThat(drafts[0]).isEqualTo(continuation(GREEDY, 3, 4, known));
    }
  }

  @Test void withoutAlternativesRejectionSamplingGetsCertainDrafts() {
    SamplingParameters sampled = SamplingParameters.builder().maxNewTokens(9).temperature(0.5f)
        .verification(Verification.REJECTION).build();
    int[] known = text(1, 20);

    Drafts drafts = new HandDraftBatch().sampling(sampled).with(3, 4, known)
        .show(drafter(spec().maxNumLogprobs(1).build(), 4)).drafts(0);

    assertThat(drafts.token(0)).isEqualTo(continuation(GREEDY, 0, 1, known)[0]);
    assertThat(drafts.numChoices(0)).isZero();
  }

  @Test void theNarrowestExecutorGivesTheSameDrafts() {
    ExecutorSpec narrow = spec().maxNumRows(2).maxNumBatchedTokens(7).chunkUnit(3)
        .mixesPrefillAndDecode(false).build();
    Drafter one = drafter(narrow, 4);
    Drafter other = create();
    for (int numTokens = 1; numTokens < 90; numTokens += 1 + numTokens % 4) {
      int[][] narrowly = batchOfFive(numTokens).proposalsOf(one);

      assertThat(narrowly).isDeepEqualTo(batchOfFive(numTokens).proposalsOf(other));
    }
  }

  private static HandDraftBatch batchOfFive(int numTokens) {
    HandDraftBatch batch = new HandDraftBatch();
    for (int handle = 0; handle < 5; handle++) {
      batch.with(handle, 1 + handle % 4, text(handle, numTokens + 9 * handle));
    }
    return batch;
  }

  @Test void sequencesBeyondTheSlotsAreLeftOutAndTheLeastRecentOneMakesRoom() {
    ExecutorSpec two = spec().numSlots(2).maxNumRows(2).build();
    Drafter drafter = drafter(two, 4);
    int[][] all = new HandDraftBatch().with(0, 4, text(0, 9)).with(1, 4, text(1, 9))
        .with(2, 4, text(2, 9)).proposalsOf(drafter);
    assertThat(all[0]).hasSize(4);
    assertThat(all[1]).hasSize(4);
    assertThat(all[2]).isEmpty();

    new HandDraftBatch().with(1, 4, text(1, 10)).proposalsOf(drafter);
    int[] third = new HandDraftBatch().with(2, 4, text(2, 10)).proposalsOf(drafter)[0];
    assertThat(third).isEqualTo(continuation(GREEDY, 0, 4, text(2, 10)));
    for (int handle = 1; handle < 3; handle++) { // The first one lost its slot, this one did not.
      assertThat(new HandDraftBatch().with(handle, 4, text(handle, 11)).proposalsOf(drafter)[0])
          .isEqualTo(continuation(GREEDY, 0, 4, text(handle, 11)));
    }
    assertThat(new HandDraftBatch().with(0, 4, text(0, 11)).proposalsOf(drafter)[0])
        .isEqualTo(continuation(GREEDY, 0, 4, text(0, 11)));
  }

  @Test void theLengthOfTheDraftModelBoundsTheChain() {
    ExecutorSpec shortOne = spec().maxModelLen(32).build();

    int[][] drafts = new HandDraftBatch().with(0, 4, text(0, 30)).with(1, 4, text(1, 32))
        .with(2, 4, text(2, 33)).proposalsOf(drafter(shortOne, 4));

    assertThat(drafts[0]).isEqualTo(continuation(GREEDY, 0, 3, text(0, 30)));
    assertThat(drafts[1]).isEqualTo(continuation(GREEDY, 0, 1, text(1, 32)));
    assertThat(drafts[2]).isEmpty();
  }

  @Test void aTokenThatTheDraftModelDoesNotKnowEndsItsDrafting() {
    Drafter drafter = create();
    int[] strange = concat(text(0, 5), VOCABULARY_SIZE);
    for (int round = 0; round < 3; round++) {
      int[][] drafts = new HandDraftBatch().with(0, 4, strange).with(1, 4, text(1, 9))
          .proposalsOf(drafter);

      assertThat(drafts[0]).isEmpty();
      assertThat(drafts[1]).hasSize(4);
    }
    HandDraftBatch.finish(drafter, 0, 1, strange);
    assertThat(new HandDraftBatch().with(0, 4, text(0, 9)).proposalsOf(drafter)[0]).hasSize(4);
  }

  @Test void draftsThatTheTargetDoesNotKnowAreCut() {
    for (int number = 0; number < 40; number++) {
      int[] known = Arrays.stream(text(number, 9)).map(token -> token % 8).toArray();
      int[] expected = continuation(GREEDY, 0, 4, known);
      int numInside = 0;
      while (numInside < 4 && expected[numInside] < 8) {
        numInside++;
      }

      assertThat(new HandDraftBatch().vocabularySize(8).with(0, 4, known)
          .proposalsOf(create())[0]).isEqualTo(Arrays.copyOf(expected, numInside));
    }
  }

  @Test void anExecutorTooSmallForOneSequenceIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> drafter(spec().numBlocks(48).build(), 4))
        .withMessage("numBlocks of the draft executor is 48, must be 49 or more: one sequence of "
            + "maxModelLen 768 takes 48 blocks of 16, beside the null block");
    assertThatIllegalArgumentException().isThrownBy(() -> drafter(spec().build(), 0))
        .withMessage("maxNumDraftTokens is 0, must be 1 or more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DraftModel(
            HashModelExecutor.completingAtOnce(spec().build()), () -> 0, 0))
        .withMessage("timeLimitNanos is 0, must be above 0");
    assertThat(DraftModel.over(HashModelExecutor.completingAtOnce(spec().numBlocks(100).build()),
        () -> 0).numSequences()).isEqualTo(2);
  }
}
