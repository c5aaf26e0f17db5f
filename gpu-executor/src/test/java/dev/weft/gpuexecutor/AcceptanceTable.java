package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.Verification;
import dev.weft.testkit.PlanWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A command: how likely one draft of the draft model is accepted by the target model, by way of
 * drafting and of verification, as a table in Markdown.
 *
 * <p>At every position of the held-out texts of the reference data, both models read the text so
 * far, and the probability is computed from their logits; of coupled samples, which share their
 * noise, it is counted over {@link #NUM_SEEDS} seeds. In brackets: two standard errors of the mean
 * over the positions, in percentage points.
 *
 * <pre>
 * mvn -q -pl gpu-executor -am test-compile
 * cd gpu-executor
 * java -cp \
 *   target/test-classes:target/classes:../scheduler-api/target/classes:../testkit/target/classes \
 *     dev.weft.gpuexecutor.AcceptanceTable
 * </pre>
 */
final class AcceptanceTable {
  private static final int NUM_SEEDS = 16;

  /** Most choices of a draft that a draft executor reports. */
  private static final int NUM_CHOICES = SamplingParameters.MAX_NUM_LOGPROBS;

  private static final String[] COLUMNS = {
    "coupled, same noise",
    "coupled, most likely draft",
    "drawn, taken for certain",
    "rejection, 20 choices",
    "rejection, all choices",
    "typical, most likely draft (lossy)",
    "3 siblings, coupled, same noise",
    "3 siblings, coupled, most likely drafts",
    "3 siblings, rejection, 20 choices",
  };

  private static final int NUM_SIBLINGS = 3;

  private final List<float[][]> positions;
  private final double[][] accepted;
  private final TokenSampler target = new TokenSampler(1024);
  private final TokenSampler draft = new TokenSampler(1024);
  private final SamplingState state = new SamplingState();
  private final long[] masses = new long[1024];
  private final RowSampler verifier = new RowSampler(DraftTrials.spec(1024));
  private final PlanWriter writer = new PlanWriter();
  private final StepResult result = new StepResult(1, 16, 0);

  private AcceptanceTable(List<float[][]> positions) {
    this.positions = positions;
    accepted = new double[COLUMNS.length][positions.size()];
  }

  @SuppressWarnings("SystemOut") // A command.
  public static void main(String[] args) throws IOException {
    List<float[][]> positions = positions();
    System.out.println("| " + positions.size() + " positions | " + String.join(" | ", COLUMNS)
        + " |");
    System.out.println("|---|" + "---:|".repeat(COLUMNS.length));
    for (float temperature : new float[] {0, 0.5f, 0.7f, 1}) {
      for (float topP : temperature == 0 ? new float[] {1} : new float[] {1, 0.9f}) {
        AcceptanceTable table = new AcceptanceTable(positions);
        System.out.println(table.row(temperature, topP));
      }
    }
  }

  /** Logits of the target and of the draft model behind each token of the texts. */
  private static List<float[][]> positions() throws IOException {
    List<float[][]> positions = new ArrayList<>();
    for (ReferenceData.Prompt prompt : ReferenceData.prompts("target")) {
      if (prompt.name().startsWith("heldout")) {
        float[][] target = logits("target", prompt.tokens());
        float[][] draft = logits("draft", prompt.tokens());
        for (int i = 0; i < target.length; i++) {
          positions.add(new float[][] {target[i], draft[i]});
        }
      }
    }
    return positions;
  }

  private static float[][] logits(String model, int[] tokens) {
    float[][] logits = new float[tokens.length][];
    try (WorkerTeam team = new WorkerTeam(1, Thread::new)) {
      SoloForward forward = new SoloForward(ReferenceData.model(model), team, tokens.length);
      for (int i = 0; i < tokens.length; i++) {
        logits[i] = forward.run(tokens, i, i + 1).clone();
      }
    }
    return logits;
  }

  private String row(float temperature, float topP) {
    SamplingParameters parameters =
        SamplingParameters.builder().temperature(temperature).topP(topP).build();
    SamplingParameters cut =
        SamplingParameters.builder().temperature(temperature).topP(topP).topK(NUM_CHOICES).build();
    SamplingParameters rejecting =
        SamplingParameters.builder().temperature(temperature).topP(topP)
            .verification(Verification.REJECTION).build();
    for (int i = 0; i < positions.size(); i++) {
      float[] targetLogits = positions.get(i)[0];
      float[] draftLogits = positions.get(i)[1];
      int numSame = 0;
      for (int seed = 0; seed < NUM_SEEDS; seed++) {
        state.begin(parameters, 1000L * i + seed, 0, 2);
        int token = target.sample(targetLogits, state, 0, null);
        numSame += draft.sample(draftLogits, state, 0, null) == token ? 1 : 0;
      }
      double[] p = distribution(target, targetLogits, parameters);
      double[] q = distribution(draft, draftLogits, parameters);
      int likely = draft.distribution().mostLikely();
      accepted[0][i] = (double) numSame / NUM_SEEDS;
      accepted[1][i] = p[likely];
      for (int token = 0; token < p.length; token++) {
        accepted[2][i] += p[token] * q[token];
        accepted[4][i] += Math.min(p[token], q[token]);
      }
      accepted[5][i] = isTypical(likely, temperature) ? 1 : p[likely];
      double[] qOfChoices = distribution(draft, draftLogits, cut);
      for (int token = 0; token < p.length; token++) {
        accepted[3][i] += Math.min(p[token], qOfChoices[token]);
      }
      double[] logits = new double[draftLogits.length];
      Arrays.setAll(logits, token -> draftLogits[token]);
      for (int token : largest(logits)) {
        accepted[7][i] += p[token];
      }
      for (int seed = 0; seed < NUM_SEEDS; seed++) {
        state.begin(rejecting, 1000L * i + seed, 0, 2);
        accepted[6][i] += isAmongSiblings(targetLogits, draftLogits) ? 1.0 / NUM_SEEDS : 0;
        accepted[8][i] += isOneAccepted(targetLogits, qOfChoices) ? 1.0 / NUM_SEEDS : 0;
      }
    }
    StringBuilder row = new StringBuilder("| T = " + temperature);
    row.append(topP < 1 ? ", top-p " + topP + " |" : " |");
    for (double[] column : accepted) {
      double mean = Arrays.stream(column).average().orElseThrow();
      double variance =
          Arrays.stream(column).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
      double error = 2 * Math.sqrt(variance / column.length);
      row.append(String.format(Locale.ROOT, " %.1f %% (%.1f) |", 100 * mean, 100 * error));
    }
    return row.toString();
  }

  /**
   * Whether the target draws one of the tokens that have most with the noise of the draft, whose
   * top-p is not asked for: it would leave too few siblings.
   */
  private boolean isAmongSiblings(float[] targetLogits, float[] draftLogits) {
    int token = target.sample(targetLogits, state, 0, null);
    GumbelNoise noise = new GumbelNoise();
    noise.begin(state.seed(), 0);
    float temperature = state.parameters().temperature();
    double[] sums = new double[draftLogits.length];
    Arrays.setAll(sums, t -> draftLogits[t] + temperature * noise.at(t));
    return Arrays.stream(largest(sums)).anyMatch(sibling -> sibling == token);
  }

  /** Whether one of the siblings drawn from q is accepted. */
  private boolean isOneAccepted(float[] targetLogits, double[] q) {
    SplittableRandom random = new SplittableRandom(~state.seed());
    double[] sums = new double[q.length];
    Arrays.setAll(sums, t ->
        q[t] == 0 ? Double.NEGATIVE_INFINITY
            : Math.log(q[t]) - Math.log(-Math.log(random.nextDouble())));
    int[] siblings = Arrays.stream(largest(sums)).filter(t -> q[t] > 0).toArray();
    int[] parents = new int[siblings.length];
    Arrays.fill(parents, -1);
    writer.stepId(1).sampledRow(0, 1, 1).draftTree(siblings, parents);
    double[] rest = q.clone();
    for (int draft = 0; draft < siblings.length; draft++) {
      double left = Arrays.stream(rest).sum();
      int[] choices = IntStream.range(0, q.length).filter(t -> rest[t] > 0).toArray();
      float[] probabilities = new float[choices.length];
      for (int i = 0; i < choices.length; i++) {
        probabilities[i] = (float) Math.max(Float.MIN_NORMAL, rest[choices[i]] / left);
      }
      writer.choices(draft, choices, probabilities);
      rest[siblings[draft]] = 0;
    }
    result.reset(1, 1);
    float[][] rows = new float[1 + NUM_SIBLINGS][];
    Arrays.fill(rows, targetLogits);
    verifier.sample(writer.write(), 0, rows, 0, state, result);
    return result.numTokens(0) > 1;
  }

  private static int[] largest(double[] values) {
    return IntStream.range(0, values.length).boxed()
        .sorted(Comparator.comparingDouble(t -> -values[t])).limit(NUM_SIBLINGS)
        .mapToInt(t -> t).toArray();
  }

  private boolean isTypical(int token, float temperature) {
    TypicalAcceptance typical = new TypicalAcceptance(target.distribution(), masses.length);
    if (temperature == 0) {
      return false; // coupled
    }
    typical.begin();
    return typical.accepts(token);
  }

  private double[] distribution(
      TokenSampler sampler, float[] logits, SamplingParameters parameters) {
    state.begin(parameters, 0, 0, 2);
    double[] probabilities = new double[logits.length];
    int mostLikely = sampler.distribution().compute(logits, state, 0, null);
    if (sampler.distribution().isGreedy()) {
      probabilities[mostLikely] = 1;
      return probabilities;
    }
    double total = sampler.distribution().masses(masses);
    Arrays.setAll(probabilities, token -> masses[token] / total);
    return probabilities;
  }
}
