package dev.weft.speculative;

import dev.weft.schedulerapi.Drafts;

/**
 * Looks for the drafts with the highest score behind the end of a text. Each match of the last
 * tokens, long or short, is a candidate: from its state on, the most frequent children are followed
 * while the share of their parents' occurrences, multiplied along the path, is high enough. The
 * score is the sum of these products: the number of drafts that can be expected to be accepted.
 *
 * <p>A chain follows one child of each state. A tree is grown best first: of all children of what
 * is in it, the one with the highest product comes next. Cost: a state for each draft of each
 * match; matches whose first draft is too unlikely to beat the score are passed over, and the
 * search ends with the match that can give no more drafts than the score has.
 */
final class SuffixSearch {
  private final double lengthFactor;
  private final double lengthOffset;
  private final double minProbability;
  private boolean growsTrees;
  private int room;
  private double bestScore;
  private Candidate best;
  private Candidate other;

  /** Children of the tree that are not in it, in the order in which they were found. */
  private final int[] leafStates;
  private final int[] leafTokens;
  private final int[] leafParents;
  private final double[] leafProbabilities;
  private int numLeaves;

  SuffixSearch(int maxNumDraftTokens, double lengthFactor, double lengthOffset,
      double minProbability) {
    this.lengthFactor = lengthFactor;
    this.lengthOffset = lengthOffset;
    this.minProbability = minProbability;
    best = new Candidate(maxNumDraftTokens);
    other = new Candidate(maxNumDraftTokens);
    int maxNumLeaves = SuffixAutomaton.WIDTH * (maxNumDraftTokens + 1);
    leafStates = new int[maxNumLeaves];
    leafTokens = new int[maxNumLeaves];
    leafParents = new int[maxNumLeaves];
    leafProbabilities = new double[maxNumLeaves];
  }

  /** Forgets what was found. */
  void begin(int maxNumDrafts, boolean takesTrees) {
    room = maxNumDrafts;
    growsTrees = takesTrees;
    bestScore = 0;
    best.numDrafts = 0;
  }

  /** Looks behind a match and all shorter ones; of equal scores the one found first wins. */
  void search(SuffixAutomaton texts, long match) {
    int length = SuffixAutomaton.matchLength(match);
    int state = texts.state(match);
    while (state != SuffixAutomaton.ROOT && maxNumDrafts(length) > bestScore) {
      if (canWin(texts, state, maxNumDrafts(length))) {
        follow(texts, state, maxNumDrafts(length));
      }
      state = texts.link(state);
      length = texts.length(state);
    }
  }

  /** Every draft is at most as likely as the first one; the rest is room for rounding. */
  private boolean canWin(SuffixAutomaton texts, int state, int maxNumDrafts) {
    double numFirst = texts.rankedCount(state, 0);
    return numFirst * maxNumDrafts * (1 + 1e-9) > bestScore * texts.count(state);
  }

  private void follow(SuffixAutomaton texts, int state, int maxNumDrafts) {
    other.numDrafts = 0;
    double score = growsTrees
        ? tree(texts, state, maxNumDrafts) : chain(texts, state, maxNumDrafts);
    if (score > bestScore) {
      bestScore = score;
      Candidate better = other;
      other = best;
      best = better;
    }
  }

  /** Writes what was found; false when there is nothing. */
  boolean write(Drafts drafts) {
    drafts.clear();
    for (int i = 0; i < best.numDrafts; i++) {
      drafts.add(best.tokens[i], best.parents[i]);
    }
    return best.numDrafts > 0;
  }

  private int maxNumDrafts(int matchLength) {
    return (int) Math.min(room, Math.floor(matchLength * lengthFactor + lengthOffset));
  }

  private double chain(SuffixAutomaton texts, int first, int maxNumDrafts) {
    double score = 0;
    double probability = 1;
    int state = first;
    while (other.numDrafts < maxNumDrafts
        && texts.rankedChild(state, 0) != SuffixAutomaton.NONE) {
      probability *= (double) texts.rankedCount(state, 0) / texts.count(state);
      if (probability < minProbability) {
        return score;
      }
      score += probability;
      other.add(texts.rankedToken(state, 0), other.numDrafts - 1);
      state = texts.rankedChild(state, 0);
    }
    return score;
  }

  private double tree(SuffixAutomaton texts, int first, int maxNumDrafts) {
    double score = 0;
    numLeaves = 0;
    addLeaves(texts, first, Drafts.ROOT, 1);
    while (other.numDrafts < maxNumDrafts && numLeaves > 0) {
      int leaf = 0;
      for (int i = 1; i < numLeaves; i++) {
        leaf = leafProbabilities[i] > leafProbabilities[leaf] ? i : leaf;
      }
      int state = leafStates[leaf];
      double probability = leafProbabilities[leaf];
      score += probability;
      other.add(leafTokens[leaf], leafParents[leaf]);
      removeLeaf(leaf);
      addLeaves(texts, state, other.numDrafts - 1, probability);
    }
    return score;
  }

  private void addLeaves(SuffixAutomaton texts, int state, int parent, double probability) {
    for (int rank = 0; rank < SuffixAutomaton.WIDTH; rank++) {
      int child = texts.rankedChild(state, rank);
      double product = probability
          * ((double) texts.rankedCount(state, rank) / texts.count(state));
      if (child == SuffixAutomaton.NONE || product < minProbability) {
        return;
      }
      leafStates[numLeaves] = child;
      leafTokens[numLeaves] = texts.rankedToken(state, rank);
      leafParents[numLeaves] = parent;
      leafProbabilities[numLeaves++] = product;
    }
  }

  /** Few are left behind it: no more than fit into a probability of 1. */
  private void removeLeaf(int leaf) {
    numLeaves--;
    for (int i = leaf; i < numLeaves; i++) {
      leafStates[i] = leafStates[i + 1];
      leafTokens[i] = leafTokens[i + 1];
      leafParents[i] = leafParents[i + 1];
      leafProbabilities[i] = leafProbabilities[i + 1];
    }
  }

  /** Drafts that were found. */
  private static final class Candidate {
    private final int[] tokens;
    private final int[] parents;
    private int numDrafts;

    private Candidate(int maxNumDrafts) {
      tokens = new int[maxNumDrafts];
      parents = new int[maxNumDrafts];
    }

    private void add(int token, int parent) {
      tokens[numDrafts] = token;
      parents[numDrafts++] = parent;
    }
  }
}
