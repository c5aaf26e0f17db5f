package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;
import dev.weft.speculative.DraftModel;
import dev.weft.speculative.ModelDrafter;
import dev.weft.testkit.HandDraftBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The draft model of this repository, on the CPU, drafts what it would generate alone. */
final class DraftModelHostTest {
  private static final int[] PROMPT = {1, 72, 755, 80, 9, 11, 300, 401, 99, 512};
  private static final int NUM_DRAFTS = 4;
  private static HostModel model;

  @BeforeAll static void load() throws IOException {
    model = HostModel.load(Path.of("../model/draft"));
  }

  private static Drafter drafter() {
    return new ModelDrafter(new DraftModel(
        HostExecutor.builder(model).maxModelLen(128).numBlocks(33).numThreads(2).build(),
        () -> 0, TimeUnit.HOURS.toNanos(1)), NUM_DRAFTS);
  }

  /** Rejects a changing number of drafts, so that rows begin lower again and again. */
  private static void assertDraftsAreThoseOfTheModelAlone(SamplingParameters sampling) {
    try (Drafter drafter = drafter(); SoloDecoder alone = SoloDecoder.singleThreaded(model)) {
      int[] known = PROMPT;
      for (int round = 0; round < 12; round++) {
        int[] drafts = new HandDraftBatch().sampling(sampling)
            .withPrompt(5, NUM_DRAFTS, PROMPT.length, known).proposalsOf(drafter)[0];

        assertThat(drafts).as("round %d", round)
            .isEqualTo(Arrays.copyOf(alone.decode(known, sampling, 5).tokens(), NUM_DRAFTS));
        int numAccepted = round % 4;
        known = Arrays.copyOf(known, known.length + numAccepted + 1);
        System.arraycopy(drafts, 0, known, known.length - numAccepted - 1, numAccepted);
        known[known.length - 1] = 20 + 3 * round;
      }
    }
  }

  @Test void greedyDraftsAreThoseOfTheModelAlone() {
    assertDraftsAreThoseOfTheModelAlone(SamplingParameters.greedy(NUM_DRAFTS));
  }

  @Test void sampledDraftsAreThoseOfTheModelAlone() {
    assertDraftsAreThoseOfTheModelAlone(SamplingParameters.builder().maxNewTokens(NUM_DRAFTS)
        .temperature(0.9f).topK(50).topP(0.95f).repetitionPenalty(1.3f).build());
  }

  /**
   * How often the likeliest of the reported tokens is drawn, against what was reported: the
   * difference of both sums is at most five standard deviations, which by chance happens less than
   * once in a million seeds; the seeds are fixed.
   */
  @Test void underRejectionSamplingDraftsAreDrawnFromWhatIsReported() {
    SamplingParameters sampling = SamplingParameters.builder().maxNewTokens(NUM_DRAFTS)
        .temperature(0.8f).topP(0.5f).repetitionPenalty(1.5f)
        .verification(Verification.REJECTION).build();
    double numDrawn = 0;
    double expected = 0;
    double variance = 0;
    try (Drafter drafter = drafter()) {
      for (int seed = 0; seed < 400; seed++) { // The handle is the seed of such a batch.
        Drafts drafts = new HandDraftBatch().sampling(sampling).with(seed, NUM_DRAFTS, PROMPT)
            .show(drafter).drafts(0);
        for (int draft = 0; draft < drafts.numDrafts(); draft++) {
          double probability = drafts.probability(draft, 0);
          numDrawn += drafts.token(draft) == drafts.choice(draft, 0) ? 1 : 0;
          expected += probability;
          variance += probability * (1 - probability);
          assertThat(drafts.numChoices(draft)).isEqualTo(19);
        }
      }
    }
    assertThat(variance).isGreaterThan(100);
    assertThat(numDrawn).isCloseTo(expected, within(5 * Math.sqrt(variance)));
  }
}
