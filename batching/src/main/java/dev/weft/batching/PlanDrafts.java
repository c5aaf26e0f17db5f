package dev.weft.batching;

import java.util.Arrays;

/**
 * What the drafts of one plan are beyond tokens: the parents of trees, and the distributions that
 * drafts were drawn from. Columns by row say where those of a row begin; a row without drafts has
 * none and its columns mean nothing.
 */
final class PlanDrafts {
  private static final int NONE = -1;

  private final int[] firstParent;
  private final int[] firstDistribution;
  private final IntColumn parents = new IntColumn();
  /** Of all drafts in rows that have distributions: where the choices of each begin; one more. */
  private final IntColumn choiceStarts = new IntColumn();
  private final IntColumn choices = new IntColumn();
  private float[] probabilities = {};

  PlanDrafts(int maxRows) {
    firstParent = new int[maxRows];
    firstDistribution = new int[maxRows];
  }

  void begin() {
    parents.shrink(0);
    choiceStarts.shrink(0);
    choices.shrink(0);
  }

  /** Takes over what the store has of the first drafts of a sequence. */
  void add(int row, int handle, DraftStore store, int numDrafts) {
    firstParent[row] = NONE;
    firstDistribution[row] = NONE;
    if (store.isTree(handle)) {
      firstParent[row] = parents.size();
      for (int i = 0; i < numDrafts; i++) {
        parents.add(store.parent(handle, i));
      }
    }
    DraftStore.Distributions source = store.distributions(handle);
    if (source != null) {
      addDistributions(row, source, numDrafts);
    }
  }

  /** The row's drafts are placeholders, a chain of which nothing is known. */
  void addPlaceholders(int row) {
    firstParent[row] = NONE;
    firstDistribution[row] = NONE;
  }

  private void addDistributions(int row, DraftStore.Distributions source, int numDrafts) {
    firstDistribution[row] = choiceStarts.size();
    for (int i = 0; i < numDrafts; i++) {
      choiceStarts.add(choices.size());
      for (int j = 0; j < source.numChoices(i); j++) {
        addChoice(source.token(i, j), source.probability(i, j));
      }
    }
    choiceStarts.add(choices.size());
  }

  private void addChoice(int token, float probability) {
    if (choices.size() == probabilities.length) {
      probabilities = Arrays.copyOf(probabilities, Math.max(64, 2 * probabilities.length));
    }
    probabilities[choices.size()] = probability;
    choices.add(token);
  }

  boolean isTree(int row) {
    return firstParent[row] != NONE;
  }

  int parent(int row, int draft) {
    return isTree(row) ? parents.get(firstParent[row] + draft) : draft - 1;
  }

  int numChoices(int row, int draft) {
    return firstDistribution[row] == NONE ? 0
        : choiceStarts.get(firstDistribution[row] + draft + 1) - firstChoice(row, draft);
  }

  int choice(int row, int draft, int index) {
    return choices.get(firstChoice(row, draft) + index);
  }

  float probability(int row, int draft, int index) {
    return probabilities[firstChoice(row, draft) + index];
  }

  private int firstChoice(int row, int draft) {
    return choiceStarts.get(firstDistribution[row] + draft);
  }
}
