package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A request counts only when every token and the end of every sample are as they are alone. */
class SoloComparisonTest {
  private static final int NUM_SAMPLES = 3;
  private static final int NUM_TOKENS = 5;
  private static final int[] PROMPT = {1, 72, 755};
  private static final Request REQUEST = Request.builder(0, PROMPT)
      .sampling(SamplingParameters.builder()
          .maxNewTokens(NUM_TOKENS).temperature(0.8f).seed(7).numSamples(NUM_SAMPLES).build())
      .build();
  private static final List<TimedRequest> REQUESTS = List.of(new TimedRequest(REQUEST, 0, false));

  private static SoloDecoder decoder;
  private static int[][] alone;
  private ServedOutputs served;

  @BeforeAll
  static void decodeAlone() throws IOException {
    decoder = SoloDecoder.singleThreaded(HostModel.load(ModelFolder.nearest().target()));
    alone = new int[NUM_SAMPLES][];
    for (int j = 0; j < NUM_SAMPLES; j++) {
      alone[j] = decoder.decode(PROMPT, REQUEST.sampling(), Workload.seed(REQUEST, j)).tokens();
    }
  }

  @AfterAll
  static void close() {
    decoder.close();
  }

  @BeforeEach
  void begin() {
    served = new ServedOutputs(REQUESTS, 0);
  }

  @Test
  void equalTokensAndEndsOfAllSamplesCount() {
    serve(alone[0], FinishReason.LENGTH, alone[1], alone[2]);

    assertThat(compared()).isEmpty();
  }

  @Test
  void samplesOfOneRequestDrawDifferentTokens() {
    assertThat(alone[1]).isNotEqualTo(alone[0]);
    assertThat(alone[2]).isNotEqualTo(alone[0]).isNotEqualTo(alone[1]);
  }

  @Test
  void oneWrongTokenOfTheLastSampleIsNamed() {
    int[] wrong = alone[2].clone();
    wrong[4] = 1000 - wrong[4];
    serve(alone[0], FinishReason.LENGTH, alone[1], wrong);

    assertThat(compared()).containsExactly("request 0 sample 2: output token 4 is " + wrong[4]
        + ", alone " + alone[2][4]);
  }

  @Test
  void aMissingTokenIsNamed() {
    serve(Arrays.copyOf(alone[0], 4), FinishReason.LENGTH, alone[1], alone[2]);

    assertThat(compared()).containsExactly(
        "request 0 sample 0: output token 4 is missing, alone " + alone[0][4]);
  }

  @Test
  void anotherEndIsNamed() {
    serve(alone[0], FinishReason.ABORT, alone[1], alone[2]);

    assertThat(compared()).containsExactly(
        "request 0 sample 0: it ended with ABORT, alone with LENGTH");
  }

  // ---- with a tolerance

  @Test
  void anotherTokenIsRightIfTheDecoderIsCloseToIt() {
    int[] other = withAnotherToken(1);
    serve(other, FinishReason.LENGTH, alone[1], alone[2]);

    SoloComparison comparison = compared(100);

    assertThat(comparison.differences()).isEmpty();
    assertThat(comparison.numEqual()).isZero();
    assertThat(comparison.numRounded()).isEqualTo(1);
    assertThat(comparison.numRoundedTokens()).isEqualTo(1);
  }

  @Test
  void anotherTokenIsWrongIfTheDecoderIsFarFromIt() {
    int[] other = withAnotherToken(1);
    serve(other, FinishReason.LENGTH, alone[1], alone[2]);

    assertThat(compared(0.001f).differences()).containsExactly(
        "request 0 sample 0: output token 1 is " + other[1] + ", alone " + alone[0][1]);
  }

  /** Nothing of it follows from what was served before. */
  @Test
  void whatFollowsTheOtherTokenMustFollowFromIt() {
    int[] other = alone[0].clone();
    other[1] = 1000 - other[1];
    serve(other, FinishReason.LENGTH, alone[1], alone[2]);

    assertThat(compared(100).numRoundedTokens()).isGreaterThan(1);
  }

  @Test
  void theLastTokenMayBeAnotherToo() {
    int[] other = withAnotherToken(NUM_TOKENS - 1);
    serve(other, FinishReason.LENGTH, alone[1], alone[2]);
    assertThat(compared(100).numRounded()).isEqualTo(1);

    begin();
    serve(other, FinishReason.STOP, alone[1], alone[2]);
    assertThat(compared(100).differences()).containsExactly(
        "request 0 sample 0: it ended with STOP, alone with LENGTH");
  }

  @Test
  void aMissingTokenIsNeverAMatterOfRounding() {
    serve(Arrays.copyOf(alone[0], 4), FinishReason.LENGTH, alone[1], alone[2]);

    assertThat(compared(100).differences()).containsExactly(
        "request 0 sample 0: output token 4 is missing, alone " + alone[0][4]);
  }

  /** Sample 0 with an unlikely token in one place, and what the decoder says behind it. */
  private static int[] withAnotherToken(int index) {
    int[] tokens = alone[0].clone();
    tokens[index] = 1000 - tokens[index];
    if (index + 1 < NUM_TOKENS) {
      int[] known = Arrays.copyOf(PROMPT, PROMPT.length + index + 1);
      System.arraycopy(tokens, 0, known, PROMPT.length, index + 1);
      int numLeft = NUM_TOKENS - index - 1;
      int[] rest = decoder.decode(known,
          REQUEST.sampling().toBuilder().maxNewTokens(numLeft).build(), Workload.seed(REQUEST, 0))
          .tokens();
      System.arraycopy(rest, 0, tokens, index + 1, numLeft);
    }
    return tokens;
  }

  /** The reason is that of the first sample; the others end with their last token. */
  private void serve(int[] first, FinishReason reason, int[] second, int[] third) {
    int[][] outputs = {first, second, third};
    for (int j = 0; j < NUM_SAMPLES; j++) {
      for (int i = 0; i < outputs[j].length; i++) {
        served.onToken(0, j, i, outputs[j][i], 0);
      }
      served.onFinish(0, j, j == 0 ? reason : FinishReason.LENGTH, outputs[j].length, 0);
    }
  }

  private List<String> compared() {
    SoloComparison comparison = compared(0);
    assertThat(comparison.numEqual()).isEqualTo(1 - comparison.differences().size());
    assertThat(comparison.numRounded()).isZero();
    return comparison.differences();
  }

  private SoloComparison compared(float tolerance) {
    return SoloComparison.of(REQUESTS, served, decoder, new Unseen(), tolerance);
  }

  /** Shows nothing. */
  static final class Unseen implements LiveDisplay {
    @Override public void showServing(Progress progress) {}

    @Override public void showAlone(int numFinished, int numRequests) {}

    @Override public void end() {}
  }
}
