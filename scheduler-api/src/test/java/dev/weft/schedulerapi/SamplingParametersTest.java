package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class SamplingParametersTest {
  @ParameterizedTest @MethodSource("refused")
  void valueOutOfRangeIsRefusedNamingFieldValueAndLimit(String message,
      Consumer<SamplingParameters.Builder> setter) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> setter.accept(SamplingParameters.builder())).withMessage(message);
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        refused("maxNewTokens is 0, must be 1 or more", b -> b.maxNewTokens(0)),
        refused("minNewTokens is -1, must be 0 or more", b -> b.minNewTokens(-1)),
        refused("number of stopTokenIds is 65, must be 0 to 64", b -> b.stopTokenIds(new int[65])),
        refused("stopTokenIds is -1, must be 0 or more", b -> b.stopTokenIds(3, -1)),
        refused("temperature is -0.1, must be 0.0 to 100.0", b -> b.temperature(-0.1f)),
        refused("temperature is 100.1, must be 0.0 to 100.0", b -> b.temperature(100.1f)),
        refused("temperature is NaN, must be 0.0 to 100.0", b -> b.temperature(Float.NaN)),
        refused("temperature is Infinity, must be 0.0 to 100.0",
            b -> b.temperature(Float.POSITIVE_INFINITY)),
        refused("topK is -1, must be 0 or more", b -> b.topK(-1)),
        refused("topP is 0.0, must be above 0 to 1.0", b -> b.topP(0)),
        refused("topP is 1.01, must be above 0 to 1.0", b -> b.topP(1.01f)),
        refused("topP is NaN, must be above 0 to 1.0", b -> b.topP(Float.NaN)),
        refused("minP is -0.1, must be 0.0 to 1.0", b -> b.minP(-0.1f)),
        refused("minP is 1.1, must be 0.0 to 1.0", b -> b.minP(1.1f)),
        refused("repetitionPenalty is 0.0, must be above 0 to 10.0", b -> b.repetitionPenalty(0)),
        refused("repetitionPenalty is 10.1, must be above 0 to 10.0",
            b -> b.repetitionPenalty(10.1f)),
        refused("presencePenalty is -2.1, must be -2.0 to 2.0", b -> b.presencePenalty(-2.1f)),
        refused("presencePenalty is 2.1, must be -2.0 to 2.0", b -> b.presencePenalty(2.1f)),
        refused("frequencyPenalty is -2.1, must be -2.0 to 2.0", b -> b.frequencyPenalty(-2.1f)),
        refused("frequencyPenalty is 2.1, must be -2.0 to 2.0", b -> b.frequencyPenalty(2.1f)),
        refused("number of logitBias entries is 1025, must be 0 to 1024",
            b -> b.logitBias(biases(1025))),
        refused("logitBias token id is -1, must be 0 or more", b -> b.logitBias(Map.of(-1, 1f))),
        refused("logitBias of token 7 is 100.5, must be -100.0 to 100.0",
            b -> b.logitBias(Map.of(7, 100.5f))),
        refused("logitBias of token 7 is -100.5, must be -100.0 to 100.0",
            b -> b.logitBias(Map.of(7, -100.5f))),
        refused("numLogprobs is -2, must be -1 to 20", b -> b.numLogprobs(-2)),
        refused("numLogprobs is 21, must be -1 to 20", b -> b.numLogprobs(21)),
        refused("numSamples is 0, must be 1 to 128", b -> b.numSamples(0)),
        refused("numSamples is 129, must be 1 to 128", b -> b.numSamples(129)),
        refused("minNewTokens is 5, must be 0 to 4",
            b -> b.minNewTokens(5).maxNewTokens(4).build()));
  }

  private static Arguments refused(String message, Consumer<SamplingParameters.Builder> setter) {
    return arguments(message, setter);
  }

  private static Map<Integer, Float> biases(int numTokens) {
    Map<Integer, Float> biases = new HashMap<>();
    IntStream.range(0, numTokens).forEach(token -> biases.put(token, 0f));
    return biases;
  }

  @Test void aBuilderOfParametersBuildsTheSameAgain() {
    SamplingParameters sampling = SamplingParameters.builder().maxNewTokens(9).minNewTokens(2)
        .stopTokenIds(4, 5).temperature(0.7f).topK(3).topP(0.9f).minP(0.1f).repetitionPenalty(1.1f)
        .presencePenalty(0.2f).frequencyPenalty(0.3f).logitBias(Map.of(7, 1.5f, 2, -3f)).seed(11)
        .numLogprobs(4).numSamples(2).verification(Verification.REJECTION).build();

    SamplingParameters same = sampling.toBuilder().build();

    assertThat(same).hasToString(sampling.toString());
    assertThat(same.stopTokenId(1)).isEqualTo(5);
    assertThat(same.biasedTokenId(1)).isEqualTo(7);
    assertThat(same.bias(1)).isEqualTo(1.5f);
    assertThat(sampling.toBuilder().topP(1).build().topP()).isEqualTo(1);
    assertThat(sampling.topP()).isEqualTo(0.9f);
  }

  @Test void lowerEndsAreTakenOver() {
    SamplingParameters sampling = SamplingParameters.builder().maxNewTokens(1).minNewTokens(0)
        .stopTokenIds().temperature(0).topK(0).topP(Float.MIN_VALUE).minP(0)
        .repetitionPenalty(Float.MIN_VALUE).presencePenalty(-2).frequencyPenalty(-2)
        .logitBias(Map.of(0, -100f)).seed(Long.MIN_VALUE).numLogprobs(-1).numSamples(1).build();

    assertThat(sampling).hasToString("SamplingParameters[maxNewTokens=1, minNewTokens=0, "
        + "stopTokenIds=[], temperature=0.0, topK=0, topP=1.4E-45, minP=0.0, "
        + "repetitionPenalty=1.4E-45, presencePenalty=-2.0, frequencyPenalty=-2.0, "
        + "logitBias=1 tokens, seed=-9223372036854775808, numLogprobs=-1, numSamples=1, "
        + "verification=COUPLED]");
    assertThat(sampling.bias(0)).isEqualTo(-100);
  }

  @Test void upperEndsAreTakenOver() {
    SamplingParameters sampling = SamplingParameters.builder().maxNewTokens(Integer.MAX_VALUE)
        .minNewTokens(Integer.MAX_VALUE).stopTokenIds(new int[64]).temperature(100)
        .topK(Integer.MAX_VALUE).topP(1).minP(1).repetitionPenalty(10).presencePenalty(2)
        .frequencyPenalty(2).logitBias(biases(1024)).seed(Long.MAX_VALUE).numLogprobs(20)
        .numSamples(128).build();

    assertThat(sampling.maxNewTokens()).isEqualTo(Integer.MAX_VALUE);
    assertThat(sampling.minNewTokens()).isEqualTo(Integer.MAX_VALUE);
    assertThat(sampling.numStopTokens()).isEqualTo(64);
    assertThat(sampling.temperature()).isEqualTo(100);
    assertThat(sampling.topK()).isEqualTo(Integer.MAX_VALUE);
    assertThat(sampling.topP()).isEqualTo(1);
    assertThat(sampling.minP()).isEqualTo(1);
    assertThat(sampling.repetitionPenalty()).isEqualTo(10);
    assertThat(sampling.presencePenalty()).isEqualTo(2);
    assertThat(sampling.frequencyPenalty()).isEqualTo(2);
    assertThat(sampling.numBiasedTokens()).isEqualTo(1024);
    assertThat(sampling.seed()).isEqualTo(Long.MAX_VALUE);
    assertThat(sampling.numLogprobs()).isEqualTo(20);
    assertThat(sampling.numSamples()).isEqualTo(128);
  }

  @Test void defaultsAreGreedyAndPlain() {
    SamplingParameters sampling = SamplingParameters.builder().build();

    assertThat(sampling).hasToString("SamplingParameters[maxNewTokens=16, minNewTokens=0, "
        + "stopTokenIds=[], temperature=0.0, topK=0, topP=1.0, minP=0.0, repetitionPenalty=1.0, "
        + "presencePenalty=0.0, frequencyPenalty=0.0, logitBias=0 tokens, seed=null, "
        + "numLogprobs=-1, numSamples=1, "
        + "verification=COUPLED]");
    assertThat(sampling.isGreedy()).isTrue();
    assertThat(sampling.hasPenalties()).isFalse();
  }

  @Test void greedyAndSampledSetWhatTheySay() {
    assertThat(SamplingParameters.greedy(9).maxNewTokens()).isEqualTo(9);
    assertThat(SamplingParameters.greedy(9).isGreedy()).isTrue();
    SamplingParameters sampled = SamplingParameters.sampled(9, 0.5f, 11);
    assertThat(sampled.maxNewTokens()).isEqualTo(9);
    assertThat(sampled.temperature()).isEqualTo(0.5f);
    assertThat(sampled.seed()).isEqualTo(11);
    assertThat(sampled.isGreedy()).isFalse();
  }

  @Test void anyPenaltyIsAPenalty() {
    assertThat(hasPenalties(b -> b.repetitionPenalty(1.1f))).isTrue();
    assertThat(hasPenalties(b -> b.presencePenalty(-1))).isTrue();
    assertThat(hasPenalties(b -> b.frequencyPenalty(1))).isTrue();
  }

  private static boolean hasPenalties(Consumer<SamplingParameters.Builder> setter) {
    SamplingParameters.Builder builder = SamplingParameters.builder();
    setter.accept(builder);
    return builder.build().hasPenalties();
  }

  @Test void stopTokensKeepTheirOrder() {
    SamplingParameters sampling = SamplingParameters.builder().stopTokenIds(9, 4).build();

    assertThat(sampling.stopTokenId(0)).isEqualTo(9);
    assertThat(sampling.stopTokenId(1)).isEqualTo(4);
    assertThat(sampling.isStopToken(4)).isTrue();
    assertThat(sampling.isStopToken(5)).isFalse();
  }

  @Test void biasedTokensAreInAscendingOrder() {
    SamplingParameters sampling =
        SamplingParameters.builder().logitBias(Map.of(30, 3f, 10, 1f, 20, 2f)).build();

    for (int i = 0; i < 3; i++) {
      assertThat(sampling.biasedTokenId(i)).isEqualTo(10 * (i + 1));
      assertThat(sampling.bias(i)).isEqualTo(i + 1);
    }
  }

  @Test void laterChangesOfArgumentsAndBuilderDoNotReachWhatWasBuilt() {
    int[] stops = {1};
    Map<Integer, Float> biases = new HashMap<>(Map.of(1, 1f));
    SamplingParameters.Builder builder =
        SamplingParameters.builder().stopTokenIds(stops).logitBias(biases);
    SamplingParameters sampling = builder.build();

    stops[0] = 2;
    biases.put(2, 2f);
    builder.stopTokenIds(3).logitBias(Map.of());

    assertThat(sampling.stopTokenId(0)).isEqualTo(1);
    assertThat(sampling.numBiasedTokens()).isEqualTo(1);
    assertThat(sampling.bias(0)).isEqualTo(1);
  }

  @Test void refusedBiasesLeaveTheFormerOnes() {
    SamplingParameters.Builder builder = SamplingParameters.builder().logitBias(Map.of(1, 1f));

    assertThatIllegalArgumentException().isThrownBy(() -> builder.logitBias(Map.of(2, 101f)));

    assertThat(builder.build().biasedTokenId(0)).isEqualTo(1);
  }
}
