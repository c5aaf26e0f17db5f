package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What the host executor does with a step but the forward pass, with the host's own classes: the
 * reference for {@link DeviceSteps}.
 */
final class HostSteps {
  private final ExecutorSpec spec;
  private final RowSampler sampler;
  final RaggedBatch batch;
  final int[][] tables;
  final SamplingState[] states;
  final int[] lastTokens;
  final int[] firstLogits;
  final int[][] accepted;

  HostSteps(ExecutorSpec spec) {
    this.spec = spec;
    sampler = new RowSampler(spec);
    int numLogits = ResultLayout.maxNumLogits(spec);
    batch = new RaggedBatch(
        spec.maxNumBatchedTokens(), numLogits, spec.maxModelLen(), spec.vocabularySize());
    tables = new int[spec.numSlots()][new SlotLayout(spec).maxBlocks()];
    states = new SamplingState[spec.numSlots()];
    Arrays.setAll(states, slot -> new SamplingState());
    lastTokens = new int[spec.numSlots()];
    firstLogits = new int[spec.maxNumRows()];
    accepted = new int[spec.maxNumRows()][];
  }

  void prepare(StepPlan plan) {
    for (int i = 0; i < plan.numAttached(); i++) {
      int slot = plan.attachedSlot(i);
      lastTokens[slot] = -1;
      states[slot].begin(
          plan.attachedSampling(i), plan.attachedSeed(i), plan.attachedNumPromptTokens(i),
          spec.maxModelLen() + 1);
      for (int position = 0; position < plan.attachedNumTokens(i); position++) {
        states[slot].put(position, plan.attachedToken(i, position));
      }
    }
    for (int i = 0; i < plan.numTableWrites(); i++) {
      tables[plan.tableWriteSlot(i)][plan.tableWriteIndex(i)] = plan.tableWriteBlock(i);
    }
    batch.clear();
    for (int row = 0; row < plan.numRows(); row++) {
      addRow(plan, row);
    }
  }

  private void addRow(StepPlan plan, int row) {
    int slot = plan.slot(row);
    int start = plan.startPosition(row);
    int numKnown = plan.numTokens(row) - plan.numDraftTokens(row);
    firstLogits[row] = plan.isSampled(row) ? batch.numLogits() : -1;
    batch.beginRow(tables[slot]);
    int last = 0;
    for (int i = 0; i < numKnown; i++) {
      boolean isOnDevice = i == 0 && plan.isFirstTokenOnDevice(row);
      int token = isOnDevice ? lastTokens[slot] : plan.token(row, i);
      last = batch.addToken(token, start + i);
      states[slot].put(start + i, token);
    }
    if (!plan.isSampled(row)) {
      return;
    }
    batch.addLogits(last);
    int numDrafts = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
    for (int draft = 0; draft < numDrafts; draft++) {
      int token = plan.token(row, numKnown + draft);
      batch.addLogits(
          plan.hasDraftTree(row)
              ? batch.addTreeToken(token, last + 1 + plan.draftParent(row, draft))
              : batch.addToken(token, start + numKnown + draft));
    }
  }

  /** Where a token's keys and values go. */
  int kvSlot(int token) {
    int position = batch.cachePosition(token);
    int block = batch.blockTableOf(token)[position / spec.blockSize()];
    return block * spec.blockSize() + position % spec.blockSize();
  }

  /** Drafts of its tree that a token sees; 0 when it is in none. */
  long treeMask(int token) {
    if (!batch.isInTree(token)) {
      return 0;
    }
    int[] path = new int[StepBlock.MAX_DRAFTS];
    int length = batch.pathTo(token, path);
    int first = batch.position(token) - length + 1;
    long mask = 0;
    for (int i = 0; i < length; i++) {
      mask |= 1L << (path[i] - first);
    }
    return mask;
  }

  /** Prepares and samples, from logits at random. */
  StepResult run(StepPlan plan, Random random) {
    prepare(plan);
    float[][] logits = new float[batch.numLogits()][spec.vocabularySize()];
    for (float[] row : logits) {
      for (int token = 0; token < row.length; token++) {
        row[token] = (float) random.nextGaussian();
      }
    }
    int numLogprobs = Math.max(0, spec.maxNumLogprobs());
    StepResult result = new StepResult(spec.maxNumRows(), spec.maxNumDraftTokens(), numLogprobs);
    sample(plan, logits, result);
    return result;
  }

  /**
   * What each row of logits yields if decoding comes to its node; leaves the states as they are.
   */
  int[] sampleEverywhere(StepPlan plan, float[][] logits) {
    int[] sampled = new int[batch.numLogits()];
    for (int row = 0; row < plan.numRows(); row++) {
      int numDrafts = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
      for (int node = 0; firstLogits[row] >= 0 && node <= numDrafts; node++) {
        sampled[firstLogits[row] + node] = sampleAt(plan, row, node, logits);
      }
    }
    return sampled;
  }

  private int sampleAt(StepPlan plan, int row, int node, float[][] logits) {
    SamplingState state = states[plan.slot(row)];
    int firstDraft = plan.numTokens(row) - plan.numDraftTokens(row);
    int first = plan.startPosition(row) + firstDraft;
    List<Integer> path = new ArrayList<>();
    for (int draft = node - 1; draft >= 0; draft = plan.draftParent(row, draft)) {
      path.add(0, plan.token(row, firstDraft + draft));
    }
    for (int i = 0; i < path.size(); i++) {
      state.put(first + i, path.get(i));
    }
    long[] mask = null;
    if (plan.hasMask(row)) {
      mask = new long[(spec.vocabularySize() + 63) / 64];
      for (int word = 0; word < mask.length; word++) {
        mask[word] = plan.maskWord(row, node, word);
      }
    }
    float[] behind = logits[firstLogits[row] + node];
    int token = new TokenSampler(behind.length).sample(behind, state, first + path.size(), mask);
    if (state.numTokens() > 0) {
      state.put(first - 1, state.token(first - 1));
    }
    return token;
  }

  void sample(StepPlan plan, float[][] logits, StepResult result) {
    result.reset(plan.stepId(), plan.numRows());
    for (int row = 0; row < plan.numRows(); row++) {
      accepted[row] = new int[0];
      if (firstLogits[row] < 0) {
        continue;
      }
      int slot = plan.slot(row);
      int token = sampler.sample(plan, row, logits, firstLogits[row], states[slot], result);
      accepted[row] = new int[sampler.numAccepted()];
      Arrays.setAll(accepted[row], sampler::acceptedDraft);
      lastTokens[slot] = Math.max(0, token);
    }
  }
}
