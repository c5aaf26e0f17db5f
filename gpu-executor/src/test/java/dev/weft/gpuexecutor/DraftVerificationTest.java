package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.Verification;
import dev.weft.testkit.PlanWriter;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rejection and typical acceptance, decision for decision, as their descriptions say. */
class DraftVerificationTest {
  private static final int NUM_TOKENS = 12;
  private static final int POSITION = 5;

  private final Random random = new Random(3);
  private final RowSampler sampler = new RowSampler(DraftTrials.spec(NUM_TOKENS));
  private final SamplingState state = new SamplingState();
  private final StepResult result = new StepResult(1, 16, 0);

  private float[] logits() {
    float[] logits = new float[NUM_TOKENS];
    for (int token = 0; token < NUM_TOKENS; token++) {
      logits[token] = (float) (2 * random.nextGaussian());
    }
    return logits;
  }

  private static double[] softmax(float[] logits) {
    double[] p = new double[logits.length];
    Arrays.setAll(p, token -> Math.exp(logits[token]));
    double total = Arrays.stream(p).sum();
    return Arrays.stream(p).map(mass -> mass / total).toArray();
  }

  private void run(Verification verification, float temperature, long seed, float[][] logits,
      PlanWriter writer) {
    SamplingParameters parameters =
        SamplingParameters.builder().temperature(temperature).verification(verification).build();
    state.begin(parameters, seed, 1, 64);
    StepPlan plan = writer.write();
    result.reset(1, 1);
    sampler.sample(plan, 0, logits, 0, state, result);
  }

  private static double uniform(long seed, int index, int purpose) {
    int[] words = new int[4];
    Philox.generate(seed, POSITION, index, purpose, 0, words);
    long bits = (words[0] & 0xFFFFFFFFL) >>> 6 << 26 | (words[1] & 0xFFFFFFFFL) >>> 6;
    return (bits + 0.5) / (1L << 52);
  }

  @Test
  void rejectionDrawsTheNumbersThatItsDescriptionNames() {
    int numAccepted = 0;
    for (long seed = 0; seed < 2000; seed++) {
      float[] logits = logits();
      double[] p = softmax(logits);
      int[] drafts = {random.nextInt(4), 4 + random.nextInt(4)};
      float[] q = {0.2f, 0.3f, 0.3f, 0.2f};
      float[] halved = {0.1f, 0.15f, 0.15f, 0.1f}; // only their shares count
      int[] choices = {0, 1, 2, 3};
      PlanWriter writer = new PlanWriter().sampledRow(0, POSITION - 1, 7);
      writer.draftTree(drafts, new int[] {-1, -1}).choices(0, choices, halved);

      run(Verification.REJECTION, 1, seed, new float[][] {logits, logits(), logits()}, writer);

      int expected = -1;
      if (uniform(seed, 0, 1) < p[drafts[0]] / q[drafts[0]]) {
        expected = drafts[0];
      } else {
        for (int token = 0; token < 4; token++) {
          p[token] = Math.max(0, p[token] - q[token]);
        }
        normalise(p);
        if (uniform(seed, 1, 1) < p[drafts[1]]) {
          expected = drafts[1];
        }
      }
      numAccepted += expected >= 0 ? 1 : 0;
      if (expected < 0) {
        p[drafts[1]] = 0;
        normalise(p);
        double left = uniform(seed, 0, 2);
        for (expected = 0; left >= p[expected]; expected++) {
          left -= p[expected];
        }
      }
      assertThat(result.token(0, 0)).as("seed %d", seed).isEqualTo(expected);
    }
    assertThat(numAccepted).isBetween(500, 1900);
  }

  private static void normalise(double[] p) {
    double total = Arrays.stream(p).sum();
    Arrays.setAll(p, token -> p[token] / total);
  }

  @Test
  void aDraftIsTypicalAsTheDescriptionSays() {
    int numTypical = 0;
    for (long seed = 0; seed < 2000; seed++) {
      float[] logits = logits();
      double[] p = softmax(logits);
      double entropy = -Arrays.stream(p).map(mass -> mass * Math.log(mass)).sum();
      int draft = random.nextInt(NUM_TOKENS);
      double threshold = Math.min(0.09, 0.3 * Math.exp(-entropy));
      PlanWriter writer = new PlanWriter().sampledRow(0, POSITION - 1, 7).drafts(draft);
      float[][] both = {logits, logits()};

      run(Verification.TYPICAL, 1, seed, both, writer);

      assertThat(result.token(0, 0) == draft).as("seed %d", seed)
          .isEqualTo(p[draft] > threshold || drawn(seed, logits) == draft);
      numTypical += p[draft] > threshold ? 1 : 0;
    }
    assertThat(numTypical).isBetween(300, 1700);
  }

  private int drawn(long seed, float[] logits) {
    run(Verification.TYPICAL, 1, seed, new float[][] {logits},
        new PlanWriter().sampledRow(0, POSITION - 1, 7));
    return result.token(0, 0);
  }

  @Test
  void greedyAndUndraftedRowsAreTheSameByAllVerifications() {
    for (long seed = 0; seed < 300; seed++) {
      float[][] logits = {logits(), logits(), logits()};
      int[] drafts = {random.nextInt(NUM_TOKENS), random.nextInt(NUM_TOKENS)};
      for (float temperature : new float[] {0, 1}) {
        int[] expected = tokens(Verification.COUPLED, temperature, seed, logits, drafts);
        for (Verification verification : Verification.values()) {
          assertThat(tokens(verification, temperature, seed, logits, drafts)).isEqualTo(expected);
        }
      }
    }
  }

  /** With drafts when greedy, else without. */
  private int[] tokens(
      Verification verification, float temperature, long seed, float[][] logits, int[] drafts) {
    PlanWriter writer = new PlanWriter().sampledRow(0, POSITION - 1, 7);
    if (temperature == 0) {
      writer.drafts(drafts);
    }
    run(verification, temperature, seed, logits, writer);
    int[] tokens = new int[result.numTokens(0)];
    Arrays.setAll(tokens, index -> result.token(0, index));
    return tokens;
  }

  @Test
  void aDraftThatCannotBeIsNeverAcceptedAndACertainOneAlways() {
    for (long seed = 0; seed < 200; seed++) {
      float[] logits = logits();
      float[] sure = new float[NUM_TOKENS];
      Arrays.fill(sure, -100);
      sure[4] = 100;
      PlanWriter writer = new PlanWriter().sampledRow(0, POSITION - 1, 7).drafts(5)
          .choices(0, new int[] {4, 5}, new float[] {0.999f, 0.001f});
      run(Verification.REJECTION, 1, seed, new float[][] {sure, logits}, writer);
      assertThat(result.token(0, 0)).isEqualTo(4);

      writer = new PlanWriter().sampledRow(0, POSITION - 1, 7).drafts(4)
          .choices(0, new int[] {4, 5}, new float[] {0.999f, 0.001f});
      run(Verification.REJECTION, 1, seed, new float[][] {sure, logits}, writer);
      assertThat(result.numTokens(0)).isEqualTo(2);
    }
  }

  @Test
  void aDistributionThatIsRightIsAlwaysAccepted() {
    int numRejected = 0;
    for (long seed = 0; seed < 2000; seed++) {
      float[] logits = logits();
      double[] p = softmax(logits);
      float[] q = new float[NUM_TOKENS];
      int[] choices = new int[NUM_TOKENS];
      for (int token = 0; token < NUM_TOKENS; token++) {
        choices[token] = token;
        q[token] = (float) p[token];
      }
      PlanWriter writer = new PlanWriter().sampledRow(0, POSITION - 1, 7)
          .drafts(random.nextInt(NUM_TOKENS)).choices(0, choices, q);
      run(Verification.REJECTION, 1, seed, new float[][] {logits, logits()}, writer);
      numRejected += result.numTokens(0) == 1 ? 1 : 0;
    }
    assertThat(numRejected).isZero();
  }
}
