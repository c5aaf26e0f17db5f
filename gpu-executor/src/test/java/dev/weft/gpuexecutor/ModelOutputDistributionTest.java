package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.gpuexecutor.DraftTrials.Setting;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * The same as {@link OutputDistributionTest} for the shipped models: pairs of tokens behind a
 * prompt, drafted by the draft model from its 20 most likely tokens, verified against the target.
 */
class ModelOutputDistributionTest {
  /** Over all settings together. */
  private static final double FALSE_ALARM = 1e-6;

  private static final int NUM_TRIALS = 3000;
  private static final int NUM_CHOICES = 20;
  private static final int[][] SHAPES = {{-1, 0, 1}, {-1, -1, -1, 0, 0, 1}};

  /**
   * Behind each token: logits of a model that read a prompt and then that token; behind the token
   * that trials begin with, those behind the prompt itself.
   */
  private static float[][] table(String model, int[] prompt) {
    HostModel loaded = ReferenceData.model(model);
    int size = loaded.vocabularySize();
    float[][] table = new float[size][];
    try (WorkerTeam team = new WorkerTeam(1, Thread::new)) {
      SoloForward forward = new SoloForward(loaded, team, prompt.length + 1);
      int[] tokens = Arrays.copyOf(prompt, prompt.length + 1);
      int first = DraftTrials.CONTEXT[DraftTrials.CONTEXT.length - 1];
      float[] root = forward.run(tokens, 0, prompt.length).clone();
      for (int token = 0; token < size; token++) {
        tokens[prompt.length] = token;
        table[token] = forward.run(tokens, prompt.length, prompt.length + 1).clone();
      }
      table[first] = root;
    }
    return table;
  }

  /** What the draft model draws from: softmax at a temperature, cut to its most likely tokens. */
  private static double[] draftDistribution(float[] logits, float temperature) {
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, token -> token);
    Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
    double[] q = new double[logits.length];
    double total = 0;
    for (int rank = 0; rank < NUM_CHOICES; rank++) {
      q[order[rank]] = Math.exp((logits[order[rank]] - logits[order[0]]) / temperature);
      total += q[order[rank]];
    }
    for (int rank = 0; rank < NUM_CHOICES; rank++) {
      q[order[rank]] /= total;
    }
    return q;
  }

  private static List<UnaryOperator<SamplingParameters.Builder>> parameters() {
    return List.of(
        b -> b.temperature(1),
        b -> b.temperature(0.7f).topP(0.9f),
        b -> b.temperature(0.8f).topK(50).minP(0.02f).repetitionPenalty(1.2f)
            .presencePenalty(0.3f).logitBias(Map.of(500, 2f)));
  }

  private static List<Setting> settings(Verification verification, int... prompts)
      throws Exception {
    List<Setting> settings = new ArrayList<>();
    for (int prompt : prompts) {
      int[] tokens = ReferenceData.prompts("target").get(prompt).tokens();
      float[][] target = table("target", tokens);
      float[][] draft = table("draft", tokens);
      for (UnaryOperator<SamplingParameters.Builder> change : parameters()) {
        SamplingParameters parameters =
            change.apply(SamplingParameters.builder().maxNewTokens(20))
                .verification(verification).build();
        for (int[] shape : SHAPES) {
          DraftSource source =
              shape.length == 3 ? DraftSource.NEARLY_EQUAL : DraftSource.NEARLY_EQUAL_SAME_NOISE;
          settings.add(new Setting(parameters + " prompt " + prompt, target, parameters, null,
              before -> draftDistribution(draft[before], parameters.temperature()), source,
              shape));
        }
      }
    }
    return settings;
  }

  private static List<Double> pValues(Verification verification, int... prompts)
      throws Exception {
    return settings(verification, prompts).stream()
        .map(setting -> new DraftTrials(setting).pValue(
            new RowSampler(DraftTrials.spec(setting.logits().length))::sample, NUM_TRIALS))
        .toList();
  }

  @Test
  void rejectionDoesNotChangeTheOutput() throws Exception {
    List<Double> pValues = pValues(Verification.REJECTION, 0, 7);

    assertThat(pValues).allMatch(p -> p >= FALSE_ALARM / pValues.size());
  }

  @Test
  void typicalAcceptanceIsLossy() throws Exception {
    List<Double> pValues = pValues(Verification.TYPICAL, 0);

    assertThat(pValues).allMatch(p -> p < FALSE_ALARM / pValues.size());
  }
}
