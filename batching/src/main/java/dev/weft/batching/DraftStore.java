package dev.weft.batching;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import org.jspecify.annotations.Nullable;

/**
 * The drafts proposed for each sequence, until a row takes them: tokens by handle, parents where
 * the executor verifies trees, distributions where a drafter gave any. Memory for distributions is
 * taken when a handle first gets one, and kept.
 */
final class DraftStore {
  private final int maxNumDrafts;
  private final int[] tokens;
  private final int[] parents;
  private final boolean[] isTree;
  private final @Nullable Distributions[] distributions;
  private final boolean[] hasDistributions;

  DraftStore(int numHandles, int maxNumDrafts, boolean keepsTrees) {
    this.maxNumDrafts = maxNumDrafts;
    tokens = new int[numHandles * maxNumDrafts];
    parents = new int[keepsTrees ? tokens.length : 0];
    int numDrafted = maxNumDrafts == 0 ? 0 : numHandles;
    isTree = new boolean[numDrafted];
    distributions = new @Nullable Distributions[numDrafted];
    hasDistributions = new boolean[numDrafted];
  }

  /** Replaces the drafts of a sequence by the first {@code numDrafts} of these. */
  void set(int handle, Drafts drafts, int numDrafts) {
    if (maxNumDrafts == 0) {
      return;
    }
    int first = handle * maxNumDrafts;
    boolean branches = false;
    boolean hasAny = false;
    for (int i = 0; i < numDrafts; i++) {
      tokens[first + i] = drafts.token(i);
      branches |= drafts.parent(i) != i - 1;
      hasAny |= drafts.numChoices(i) > 0;
    }
    isTree[handle] = branches;
    for (int i = 0; branches && i < numDrafts; i++) {
      parents[first + i] = drafts.parent(i);
    }
    hasDistributions[handle] = hasAny;
    if (hasAny) {
      setDistributions(handle, drafts, numDrafts);
    }
  }

  private void setDistributions(int handle, Drafts drafts, int numDrafts) {
    Distributions target = distributions[handle];
    if (target == null) {
      target = new Distributions(maxNumDrafts);
      distributions[handle] = target;
    }
    for (int i = 0; i < numDrafts; i++) {
      target.set(i, drafts);
    }
  }

  int token(int handle, int draft) {
    return tokens[handle * maxNumDrafts + draft];
  }

  void copyTokens(int handle, int[] target, int offset, int numDrafts) {
    System.arraycopy(tokens, handle * maxNumDrafts, target, offset, numDrafts);
  }

  boolean isTree(int handle) {
    return isTree[handle];
  }

  int parent(int handle, int draft) {
    return isTree[handle] ? parents[handle * maxNumDrafts + draft] : draft - 1;
  }

  /** The distributions of a sequence's drafts; null when none has one. */
  @Nullable Distributions distributions(int handle) {
    return hasDistributions[handle] ? distributions[handle] : null;
  }

  /** Distributions of the drafts of one sequence: {@code [draft][choice]}. */
  static final class Distributions {
    private final int[] numChoices;
    private final int[] tokens;
    private final float[] probabilities;

    Distributions(int maxNumDrafts) {
      numChoices = new int[maxNumDrafts];
      tokens = new int[maxNumDrafts * DraftBatch.MAX_NUM_CHOICES];
      probabilities = new float[tokens.length];
    }

    private void set(int draft, Drafts drafts) {
      numChoices[draft] = drafts.numChoices(draft);
      for (int i = 0; i < numChoices[draft]; i++) {
        tokens[draft * DraftBatch.MAX_NUM_CHOICES + i] = drafts.choice(draft, i);
        probabilities[draft * DraftBatch.MAX_NUM_CHOICES + i] = drafts.probability(draft, i);
      }
    }

    int numChoices(int draft) {
      return numChoices[draft];
    }

    int token(int draft, int index) {
      return tokens[draft * DraftBatch.MAX_NUM_CHOICES + index];
    }

    float probability(int draft, int index) {
      return probabilities[draft * DraftBatch.MAX_NUM_CHOICES + index];
    }
  }
}
