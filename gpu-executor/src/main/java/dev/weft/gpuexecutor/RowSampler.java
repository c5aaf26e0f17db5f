package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.Verification;
import org.jspecify.annotations.Nullable;

/**
 * Samples the rows of a step and verifies their drafts, chains and trees, from the last known token
 * down.
 *
 * <p>By coupling, it draws behind each node exactly as plain decoding would at that position, and
 * when a draft that follows equals the draw, it goes on behind that draft. So a row yields the
 * tokens of decoding without drafts, only several at once. By rejection ({@link DraftRejection})
 * and for typical drafts ({@link TypicalAcceptance}), it asks the drafts behind a node in their
 * order whether they are accepted, goes on behind the first one that is, and draws when none is.
 * Greedy rows are always coupled. An instance is the scratch memory of one thread.
 */
final class RowSampler {
  /** The node of a draft tree that all drafts descend from. */
  private static final int ROOT = -1;

  /** Answer when there is no such draft. */
  private static final int NO_DRAFT = -2;

  private final TokenSampler sampler;
  private final DraftRejection rejection;
  private final TypicalAcceptance typical;
  private final TopLogprobs logprobs;
  private final boolean reportsLogprobs;
  private final long[] mask;
  private final int[] accepted;
  private int numAccepted;

  RowSampler(ExecutorSpec spec) {
    sampler = new TokenSampler(spec.vocabularySize());
    rejection = new DraftRejection(sampler, spec.vocabularySize());
    typical = new TypicalAcceptance(sampler.distribution(), spec.vocabularySize());
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
      long[] mask = maskBehind(plan, row, node);
      int token = sampler.distribution().compute(current, state, position, mask);
      if (token < 0) {
        result.failRow(row);
        return token;
      }
      token = choose(plan, row, node, state, position);
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

  private int choose(StepPlan plan, int row, int node, SamplingState state, int position) {
    Verification verification =
        sampler.distribution().isGreedy()
            ? Verification.COUPLED
            : state.parameters().verification();
    return switch (verification) {
      case COUPLED -> sampler.draw(state.seed(), position);
      case REJECTION -> chooseByRejection(plan, row, node, state.seed(), position);
      case TYPICAL -> chooseTypical(plan, row, node, state.seed(), position);
    };
  }

  private int chooseByRejection(StepPlan plan, int row, int node, long seed, int position) {
    int draft = nextBehind(plan, row, node, node);
    if (draft == NO_DRAFT) {
      return sampler.draw(seed, position);
    }
    rejection.begin(seed, position);
    for (; draft != NO_DRAFT; draft = nextBehind(plan, row, node, draft)) {
      if (rejection.accepts(plan, row, draft)) {
        return draftToken(plan, row, draft);
      }
    }
    return rejection.draw();
  }

  private int chooseTypical(StepPlan plan, int row, int node, long seed, int position) {
    int draft = nextBehind(plan, row, node, node);
    if (draft == NO_DRAFT) {
      return sampler.draw(seed, position);
    }
    typical.begin();
    for (; draft != NO_DRAFT; draft = nextBehind(plan, row, node, draft)) {
      if (typical.accepts(draftToken(plan, row, draft))) {
        return draftToken(plan, row, draft);
      }
    }
    return sampler.draw(seed, position);
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
    int draft = nextBehind(plan, row, node, node);
    while (draft != NO_DRAFT && draftToken(plan, row, draft) != token) {
      draft = nextBehind(plan, row, node, draft);
    }
    return draft;
  }

  /** The first draft behind a node whose number is above that of {@code previous}. */
  private static int nextBehind(StepPlan plan, int row, int node, int previous) {
    int numDrafts = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
    int end = plan.hasDraftTree(row) ? numDrafts : Math.min(numDrafts, node + 2);
    for (int draft = previous + 1; draft < end; draft++) {
      if (plan.draftParent(row, draft) == node) {
        return draft;
      }
    }
    return NO_DRAFT;
  }

  private static int draftToken(StepPlan plan, int row, int draft) {
    return plan.token(row, plan.numTokens(row) - plan.numDraftTokens(row) + draft);
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
