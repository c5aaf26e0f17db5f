package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The CUDA executor, with its weights and activations in BF16, says what the host executor says in
 * float: the same greedy tokens wherever the two best logits are further apart than rounding can
 * bring them, and log-probabilities within a tolerance.
 */
@ExtendWith(VerifiedDevice.class)
class HostAgreementTest {
  /** Difference of log-probabilities that BF16 may make on these models. */
  private static final float TOLERANCE = 0.04f;

  /** Two tokens whose log-probabilities are this far apart cannot change places. */
  private static final float MARGIN = 2 * TOLERANCE;

  private static final int MAX_PROMPT = 40;
  private static final int MAX_MODEL_LEN = 128;

  /**
   * What the host says.
   *
   * @param numSafe tokens from the first on whose margin is large enough
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Expected(String name, int[] prompt, SoloOutput output, int numSafe) {}

  @Test
  void theDraftModelAgreesOnAllPrompts() throws IOException {
    List<Expected> prompts = expected("draft", 32);

    assertThat(prompts.stream().mapToInt(Expected::numSafe).sum()).isGreaterThan(200);
    for (Expected prompt : prompts) {
      check("draft", prompt);
    }
  }

  @Test
  void theTargetModelAgreesOnTheFourSafestPrompts() throws IOException {
    List<Expected> prompts = expected("target", 16);
    prompts.sort(Comparator.comparingInt(Expected::numSafe).reversed());

    assertThat(prompts.get(3).numSafe()).isGreaterThan(5);
    for (Expected prompt : prompts.subList(0, 4)) {
      check("target", prompt);
    }
  }

  private static List<Expected> expected(String model, int numTokens) throws IOException {
    List<Expected> all = new ArrayList<>();
    try (SoloDecoder solo = SoloDecoder.singleThreaded(ReferenceData.model(model))) {
      for (ReferenceData.Prompt prompt : ReferenceData.prompts(model)) {
        int length = Math.min(prompt.tokens().length, MAX_PROMPT);
        int[] tokens = Arrays.copyOf(prompt.tokens(), length);
        SoloOutput output = solo.decode(tokens, sampling(numTokens), 0);
        all.add(new Expected(prompt.name(), tokens, output, numSafe(output)));
      }
    }
    return all;
  }

  private static SamplingParameters sampling(int numTokens) {
    return SamplingParameters.builder().maxNewTokens(numTokens).numLogprobs(2).build();
  }

  private static int numSafe(SoloOutput output) {
    int index = 0;
    while (index < output.numTokens()
        && output.topLogprob(index, 0) - output.topLogprob(index, 1) > MARGIN) {
      index++;
    }
    return index;
  }

  private static void check(String model, Expected expected) throws IOException {
    if (expected.numSafe() == 0) {
      return;
    }
    SoloOutput actual = decode(model, expected.prompt(), sampling(expected.numSafe()));
    for (int index = 0; index < expected.numSafe(); index++) {
      SoloOutput host = expected.output();
      String place = model + " " + expected.name() + " " + index;
      assertThat(actual.tokens()[index]).as(place).isEqualTo(host.tokens()[index]);
      assertThat(actual.logprob(index))
          .as(place)
          .isCloseTo(host.logprob(index), within(TOLERANCE));
    }
  }

  private static SoloOutput decode(String model, int[] tokens, SamplingParameters sampling)
      throws IOException {
    StandIn.reset();
    StandIn.multiprocessors(4);
    StandIn.order(StandIn.Order.LAZY, 1);
    try (CudaExecutor executor =
        CudaExecutor.builder(CudaModel.open(ReferenceData.directory(model)))
            .maxModelLen(MAX_MODEL_LEN)
            .numBlocks(MAX_MODEL_LEN / 16 + 1)
            .maxNumRows(1)
            .maxNumBatchedTokens(64)
            .maxNumDraftTokens(0)
            .build()) {
      return new AloneOnExecutor(executor, tokens, sampling, 0).run();
    }
  }
}
