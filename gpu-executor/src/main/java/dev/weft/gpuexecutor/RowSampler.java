package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.jspecify.annotations.Nullable;

/**
 * Samples the rows of a step and verifies their drafts, chains and trees, by coupling: behind the
 * last known token it draws exactly as plain decoding would at that position, and when a draft that
 * follows equals the draw, it goes on behind that draft. So a row yields the tokens of decoding
 * without drafts, only several at once. An instance is the scratch memory of one thread.
 */
final class RowSampler {
  /** The node of a draft tree that all drafts descend from. */
  private static final int ROOT = -1;

  /** Answer of {@link #draftBehind} when none equals the token. */
  private static final int NO_DRAFT = -2;

  private final TokenSampler sampler;
  private final TopLogprobs logprobs;
  private final boolean reportsLogprobs;
  private final long[] mask;
  private final int[] accepted;
  private int numAccepted;

  RowSampler(ExecutorSpec spec) {
    sampler = new TokenSampler(spec.vocabularySize());
    logprobs = new TopLogprobs(spec.vocabularySize(), Math.max(0, spec.maxNumLogprobs()));
    reportsLogprobs = spec.maxNumLogprobs() >= 0;
    mask = new long[(spec.vocabularySize() + 63) / 64];
    accepted = new int[spec.maxNumDraftTokens()];
  }

  /**
   * Samples one row, and fails it when logits are no numbers or nothing is permitted.
   *
   * @param logits {@code [firstLogits + i]}: logits behind the last known token and each draft
   * @param state the slot's; learns the new tokens
   * @param result gets the row's tokens
   * @return the last token sampled; negative when the row failed
   */
  int sample(
      StepPlan plan,
      int row,
      float[][] logits,
      int firstLogits,
      SamplingState state,
      StepResult result) {
    int position = plan.startPosition(row) + plan.numTokens(row) - plan.numDraftTokens(row);
    numAccepted = 0;
    for (int node = ROOT; ; position++) {
      float[] current = logits[firstLogits + 1 + node];
      int token = sampler.sample(current, state, position, maskBehind(plan, row, node));
      if (token < 0) {
        result.failRow(row);
        return token;
      }
      state.put(position, token);
      result.addToken(row, token);
      report(row, token, current, state.parameters(), result);
      node = draftBehind(plan, row, node, token);
      if (node == NO_DRAFT) {
        return token;
      }
      accepted[numAccepted++] = node;
    }
  }

  /** Drafts that the row sampled last accepted. */
  int numAccepted() {
    return numAccepted;
  }

  /** One of them, in the order of their positions. */
  int acceptedDraft(int index) {
    return accepted[index];
  }

  private long @Nullable [] maskBehind(StepPlan plan, int row, int node) {
    if (!plan.hasMask(row)) {
      return null;
    }
    for (int word = 0; word < mask.length; word++) {
      mask[word] = plan.maskWord(row, 1 + node, word);
    }
    return mask;
  }

  /** The draft behind a node that is this token. */
  private static int draftBehind(StepPlan plan, int row, int node, int token) {
    int numDrafts = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
    int firstDraft = plan.numTokens(row) - plan.numDraftTokens(row);
    int end = plan.hasDraftTree(row) ? numDrafts : Math.min(numDrafts, node + 2);
    for (int draft = node + 1; draft < end; draft++) {
      if (plan.token(row, firstDraft + draft) == token && plan.draftParent(row, draft) == node) {
        return draft;
      }
    }
    return NO_DRAFT;
  }

  private void report(
      int row, int token, float[] logits, SamplingParameters parameters, StepResult result) {
    if (!reportsLogprobs || parameters.numLogprobs() == SamplingParameters.NO_LOGPROBS) {
      return;
    }
    logprobs.compute(logits, parameters.numLogprobs());
    result.setLogprob(row, logprobs.of(token));
    for (int rank = 0; rank < logprobs.numTop(); rank++) {
      int top = logprobs.topToken(rank);
      result.setTopLogprob(row, rank, top, logprobs.of(top));
    }
  }
}
