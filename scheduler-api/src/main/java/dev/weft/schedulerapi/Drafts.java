package dev.weft.schedulerapi;

import java.util.Arrays;

/**
 * Draft tokens for one sequence: a chain, or a tree whose root is the last known token (Miao et
 * al., SpecInfer, ASPLOS 2024). Owned by the drafter and used again and again; who is handed one
 * copies what it needs. It grows to what is added and checks nothing: {@link DraftBatch#propose}
 * says what is wrong with it. Not thread-safe.
 *
 * <pre>
 * known … w     add(a), add(b), add(c, 0), add(d, ROOT)
 *         ├ a ┬ b       parents: -1 0 0 -1
 *         │   └ c
 *         └ d
 * </pre>
 *
 * <p>A draft may carry the distribution it was drawn from, as tokens with probabilities
 * ({@link #addChoice}): rejection sampling needs it. Without one the drafter is taken to have been
 * certain of its token. The distribution of a draft must be the one that applied after its earlier
 * siblings were drawn: siblings are different tokens.
 */
public final class Drafts {
  /** The parent of a draft that follows the last known token. */
  public static final int ROOT = -1;

  private int[] tokens = new int[8];
  private int[] parents = new int[8];
  /** By draft: where its choices end; they begin where those of the draft before end. */
  private int[] choiceEnds = new int[8];
  private int[] choices = {};
  private float[] probabilities = {};
  private int numDrafts;
  private int numChoices;

  /** No drafts yet. */
  public Drafts() {}

  /** Forgets all drafts. */
  public Drafts clear() {
    numDrafts = 0;
    numChoices = 0;
    return this;
  }

  /** Becomes a chain of the first {@code numTokens} of these tokens. */
  public Drafts setChain(int[] chain, int numTokens) {
    clear();
    for (int i = 0; i < numTokens; i++) {
      add(chain[i]);
    }
    return this;
  }

  /** Appends a draft behind the one added last; the first one follows the last known token. */
  public Drafts add(int token) {
    return add(token, numDrafts - 1);
  }

  /**
   * Appends a draft.
   *
   * @param token  a token id
   * @param parent index of an earlier draft, or {@link #ROOT}
   */
  public Drafts add(int token, int parent) {
    if (numDrafts == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * numDrafts);
      parents = Arrays.copyOf(parents, 2 * numDrafts);
      choiceEnds = Arrays.copyOf(choiceEnds, 2 * numDrafts);
    }
    tokens[numDrafts] = token;
    parents[numDrafts] = parent;
    choiceEnds[numDrafts++] = numChoices;
    return this;
  }

  /**
   * Appends one token of the distribution that the draft added last was drawn from; tokens that are
   * not appended had probability 0.
   *
   * @param probability above 0; those of a draft sum to 1
   * @throws IllegalStateException when no draft was added yet
   */
  public Drafts addChoice(int token, float probability) {
    if (numDrafts == 0) {
      throw new IllegalStateException("a choice belongs to the draft added last, there is none");
    }
    if (numChoices == choices.length) {
      int length = Math.max(32, 2 * numChoices);
      choices = Arrays.copyOf(choices, length);
      probabilities = Arrays.copyOf(probabilities, length);
    }
    choices[numChoices] = token;
    probabilities[numChoices++] = probability;
    choiceEnds[numDrafts - 1] = numChoices;
    return this;
  }

  public int numDrafts() {
    return numDrafts;
  }

  /** Token of a draft, 0 to {@code numDrafts() - 1}. */
  public int token(int draft) {
    return tokens[draft];
  }

  /** Index of the draft that this one follows, or {@link #ROOT}. */
  public int parent(int draft) {
    return parents[draft];
  }

  /** True unless every draft follows the one before it. */
  public boolean isTree() {
    for (int i = 0; i < numDrafts; i++) {
      if (parents[i] != i - 1) {
        return true;
      }
    }
    return false;
  }

  /** Tokens that the draft could have been; 0 when the drafter was certain of it. */
  public int numChoices(int draft) {
    return choiceEnds[draft] - firstChoice(draft);
  }

  /** A token that the draft could have been, {@code index} 0 to {@code numChoices(draft) - 1}. */
  public int choice(int draft, int index) {
    return choices[firstChoice(draft) + index];
  }

  /** How likely the drafter was to draw {@link #choice}. */
  public float probability(int draft, int index) {
    return probabilities[firstChoice(draft) + index];
  }

  private int firstChoice(int draft) {
    return draft == 0 ? 0 : choiceEnds[draft - 1];
  }
}
