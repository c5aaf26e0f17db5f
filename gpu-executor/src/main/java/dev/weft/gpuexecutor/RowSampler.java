package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;

/**
 * Samples the rows of a step and verifies their drafts by coupling: at every draft it draws exactly
 * as plain decoding would at that position, and goes on while draw and draft agree. So a row yields
 * the tokens of decoding without drafts, only several at once. An instance is the scratch memory of
 * one thread.
 */
final class RowSampler {
  private final TokenSampler sampler;
  private final TopLogprobs logprobs;
  private final boolean reportsLogprobs;
  private final long[] mask;

  RowSampler(ExecutorSpec spec) {
    sampler = new TokenSampler(spec.vocabularySize());
    logprobs = new TopLogprobs(spec.vocabularySize(), Math.max(0, spec.maxNumLogprobs()));
    reportsLogprobs = spec.maxNumLogprobs() >= 0;
    mask = new long[(spec.vocabularySize() + 63) / 64];
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
    int firstDraft = plan.numTokens(row) - plan.numDraftTokens(row);
    int numVerified = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
    int position = plan.startPosition(row) + firstDraft;
    if (plan.hasMask(row)) {
      loadMask(plan, row);
    }
    for (int i = 0; ; i++) {
      float[] current = logits[firstLogits + i];
      long[] permitted = plan.hasMask(row) ? mask : null;
      int token = sampler.sample(current, state, position + i, permitted);
      if (token < 0) {
        result.failRow(row);
        return token;
      }
      state.put(position + i, token);
      result.addToken(row, token);
      report(row, token, current, state.parameters(), result);
      if (i == numVerified || plan.token(row, firstDraft + i) != token) {
        return token;
      }
    }
  }

  private void loadMask(StepPlan plan, int row) {
    for (int word = 0; word < mask.length; word++) {
      mask[word] = plan.maskWord(row, 0, word);
    }
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
