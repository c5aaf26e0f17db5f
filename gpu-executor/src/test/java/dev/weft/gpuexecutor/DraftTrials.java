package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.Verification;
import dev.weft.testkit.PlanWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Two tokens are generated behind a fixed context, with drafts, many times from different seeds;
 * then the pairs are compared with the exact distribution of two tokens of plain decoding.
 *
 * <p>The model is a table: logits depend on the token before. A step that yields one token is
 * followed by a plain one, so that what acceptance does to the next position is seen as well.
 */
final class DraftTrials {
  /** Verifies one row, like {@link RowSampler#sample}. */
  interface Verifier {
    int sample(
        StepPlan plan,
        int row,
        float[][] logits,
        int firstLogits,
        SamplingState state,
        StepResult result);
  }

  /**
   * What is drafted and how tokens are drawn.
   *
   * @param logits by the token before
   * @param masks of the first and of the second token; null for none
   * @param draftDistribution by the token before
   * @param parents of the drafts; their shape
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Setting(
      String name,
      float[][] logits,
      SamplingParameters parameters,
      long @Nullable [][] masks,
      IntFunction<double[]> draftDistribution,
      DraftSource source,
      int[] parents) {
    @Override
    public String toString() {
      return name + " " + source + " " + Arrays.toString(parents);
    }
  }

  /** Tokens before the two; the last one is output. */
  static final int[] CONTEXT = {1, 2, 1, 3};

  static final int NUM_PROMPT = 3;

  private final Setting setting;
  private final int numTokens;
  private final double[][] draftDistributions;
  private final PlanWriter writer = new PlanWriter();
  private final SamplingState state = new SamplingState();
  private final StepResult result = new StepResult(1, 16, 0);
  private final float[][] rows = new float[17][];

  DraftTrials(Setting setting) {
    this.setting = setting;
    numTokens = setting.logits.length;
    draftDistributions = new double[numTokens][];
  }

  static ExecutorSpec spec(int vocabularySize) {
    return ExecutorSpec.builder()
        .vocabularySize(vocabularySize)
        .maxNumDraftTokens(16)
        .maxNumLogprobs(-1)
        .verifiesTrees(true)
        .verifications(EnumSet.allOf(Verification.class))
        .build();
  }

  /** How likely the verifier's pairs of tokens are, if it changes nothing. */
  double pValue(Verifier verifier, int numTrials) {
    long[] counts = new long[numTokens * numTokens];
    for (int trial = 0; trial < numTrials; trial++) {
      counts[pair(verifier, 0x5EED_0000_0000L + trial)]++;
    }
    return GoodnessOfFit.pValue(counts, exact());
  }

  private int pair(Verifier verifier, long seed) {
    state.begin(setting.parameters, seed, NUM_PROMPT, 64);
    for (int i = 0; i < CONTEXT.length; i++) {
      state.put(i, CONTEXT[i]);
    }
    int last = CONTEXT[CONTEXT.length - 1];
    writer.sampledRow(0, CONTEXT.length - 1, last);
    addDrafts(seed, last);
    if (setting.masks != null) {
      addMasks(writer, setting.masks[0], -1);
    }
    run(verifier);
    int first = result.token(0, 0);
    if (result.numTokens(0) > 1) {
      return first * numTokens + result.token(0, 1);
    }
    writer.sampledRow(0, CONTEXT.length, first);
    rows[0] = setting.logits[first];
    if (setting.masks != null) {
      addMasks(writer, setting.masks[1], -1);
    }
    run(verifier);
    return first * numTokens + result.token(0, 0);
  }

  private void run(Verifier verifier) {
    result.reset(1, 1);
    verifier.sample(writer.stepId(1).write(), 0, rows, 0, state, result);
  }

  private void addDrafts(long seed, int last) {
    SplittableRandom random = new SplittableRandom(seed);
    rows[0] = setting.logits[last];
    List<Integer> tokens = new ArrayList<>();
    List<Integer> parents = new ArrayList<>();
    int[] indexOf = new int[setting.parents.length];
    double[][] left = new double[setting.parents.length + 1][];
    List<double[]> drawnFrom = new ArrayList<>();
    for (int draft = 0; draft < setting.parents.length; draft++) {
      int parent = setting.parents[draft] < 0 ? -1 : indexOf[setting.parents[draft]];
      indexOf[draft] = -2;
      if (parent == -2) {
        continue; // the parent was not drafted
      }
      int before = parent < 0 ? last : tokens.get(parent);
      double[] q = left[parent + 1] == null ? draftDistribution(before) : left[parent + 1];
      int token = setting.source.draw(q, seed, CONTEXT.length + depth(parent, parents), random);
      if (token >= 0) {
        indexOf[draft] = tokens.size();
        tokens.add(token);
        parents.add(parent);
        drawnFrom.add(q);
        rows[tokens.size()] = setting.logits[token];
        left[parent + 1] = without(q, token);
      }
    }
    write(tokens, parents, drawnFrom);
  }

  private static int depth(int parent, List<Integer> parents) {
    int depth = 0;
    for (int draft = parent; draft >= 0; draft = parents.get(draft)) {
      depth++;
    }
    return depth;
  }

  private void write(List<Integer> tokens, List<Integer> parents, List<double[]> drawnFrom) {
    int[] drafts = tokens.stream().mapToInt(token -> token).toArray();
    writer.draftTree(drafts, parents.stream().mapToInt(parent -> parent).toArray());
    for (int draft = 0; draft < drafts.length; draft++) {
      double[] q = drawnFrom.get(draft);
      if (!setting.source.isCertain()) {
        int[] choices = IntStream.range(0, q.length).filter(t -> q[t] > 0).toArray();
        float[] probabilities = new float[choices.length];
        for (int i = 0; i < choices.length; i++) {
          probabilities[i] = (float) q[choices[i]];
        }
        writer.choices(draft, choices, probabilities);
      }
      if (setting.masks != null) {
        addMasks(writer, setting.masks[1], draft);
      }
    }
  }

  private void addMasks(PlanWriter plan, long[] mask, int draft) {
    int[] permitted = IntStream.range(0, numTokens)
        .filter(token -> (mask[token / 64] >>> token % 64 & 1) == 1).toArray();
    if (draft < 0) {
      plan.mask(numTokens, permitted);
    } else {
      plan.maskBehind(draft, numTokens, permitted);
    }
  }

  private double[] draftDistribution(int before) {
    if (draftDistributions[before] == null) {
      draftDistributions[before] = setting.draftDistribution.apply(before);
    }
    return draftDistributions[before];
  }

  private static double[] without(double[] q, int token) {
    double total = Arrays.stream(q).sum() - q[token];
    double[] rest = new double[q.length];
    for (int i = 0; i < q.length; i++) {
      rest[i] = i == token || total < 1e-12 ? 0 : q[i] / total;
    }
    return rest;
  }

  /** {@code [first * numTokens + second]}. */
  private double[] exact() {
    NaiveSampler naive = new NaiveSampler();
    double[] exact = new double[numTokens * numTokens];
    double[] first =
        naive.distribution(
            setting.logits[CONTEXT[CONTEXT.length - 1]], setting.parameters, CONTEXT, NUM_PROMPT,
            setting.masks == null ? null : setting.masks[0]);
    int[] longer = Arrays.copyOf(CONTEXT, CONTEXT.length + 1);
    for (int token = 0; token < numTokens; token++) {
      if (first[token] > 0) {
        longer[CONTEXT.length] = token;
        double[] second =
            naive.distribution(
                setting.logits[token], setting.parameters, longer, NUM_PROMPT,
                setting.masks == null ? null : setting.masks[1]);
        for (int next = 0; next < numTokens; next++) {
          exact[token * numTokens + next] = first[token] * second[next];
        }
      }
    }
    return exact;
  }
}
