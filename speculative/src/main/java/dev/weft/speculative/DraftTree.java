package dev.weft.speculative;

import dev.weft.schedulerapi.Drafts;
import java.util.Arrays;

/**
 * The tree of one sequence while it grows. It keeps the most probable nodes by the product of the
 * probabilities on their path: a node is never more probable than its parent, and of equal ones the
 * earlier counts as better, so with a node its ancestors are kept as well.
 *
 * <p>Cost of a new node: O(nodes kept), O(1) when it is too improbable.
 */
final class DraftTree {
  static final int ROOT = Drafts.ROOT;

  /** One child for a node, the best one. */
  private boolean isChain;
  private int maxNumKept;
  private int numNodes;
  private int[] tokens = new int[16];
  private int[] parents = new int[16];
  private int[] depths = new int[16];
  private float[] values = new float[16];
  /** Where the node is among the drafts; -1 when it is not kept. */
  private int[] draftIndexes = new int[16];
  /** The best nodes, best first. */
  private int[] kept = new int[16];
  private int numKept;

  /** Becomes a root. */
  void begin(int maxNumNodes, boolean chain) {
    isChain = chain;
    maxNumKept = maxNumNodes;
    numNodes = 0;
    numKept = 0;
    if (kept.length < maxNumNodes) {
      kept = new int[maxNumNodes];
    }
  }

  int token(int node) {
    return tokens[node];
  }

  int parent(int node) {
    return node == ROOT ? ROOT : parents[node];
  }

  /** Adds a child of a node, unless the node has it or it is worse than all that is kept. */
  void add(int parent, int token, float probability) {
    float value = (parent == ROOT ? 1 : values[parent]) * Math.min(1, probability);
    boolean isFull = numKept == maxNumKept;
    if (!(value > 0) || (isFull && !(value > values[kept[numKept - 1]]))) {
      return; // Written so that what is no number is dropped as well.
    }
    int sibling = numNodes - 1; // Children of a node need not come one behind the other.
    for (; sibling >= 0; sibling--) {
      if (parents[sibling] == parent && (isChain || tokens[sibling] == token)) {
        break;
      }
    }
    if (sibling < 0) {
      keep(append(parent, token, value));
    } else if (isChain && value > values[sibling]) {
      tokens[sibling] = token;
      values[sibling] = value;
    }
  }

  private int append(int parent, int token, float value) {
    if (numNodes == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * numNodes);
      parents = Arrays.copyOf(parents, 2 * numNodes);
      depths = Arrays.copyOf(depths, 2 * numNodes);
      values = Arrays.copyOf(values, 2 * numNodes);
      draftIndexes = Arrays.copyOf(draftIndexes, 2 * numNodes);
    }
    tokens[numNodes] = token;
    parents[numNodes] = parent;
    depths[numNodes] = parent == ROOT ? 1 : depths[parent] + 1;
    values[numNodes] = value;
    return numNodes++;
  }

  private void keep(int node) {
    int rank = numKept < maxNumKept ? numKept++ : numKept - 1;
    for (; rank > 0 && values[node] > values[kept[rank - 1]]; rank--) {
      kept[rank] = kept[rank - 1];
    }
    kept[rank] = node;
  }

  /** Finds the best kept node of a depth that comes after another one, or {@link #ROOT}. */
  int nextBest(int depth, int after) {
    boolean isBehind = after == ROOT;
    for (int rank = 0; rank < numKept; rank++) {
      if (isBehind && depths[kept[rank]] == depth) {
        return kept[rank];
      }
      isBehind |= kept[rank] == after;
    }
    return ROOT;
  }

  /** Writes the kept nodes, parents before their children. */
  void writeTo(Drafts drafts) {
    drafts.clear();
    Arrays.fill(draftIndexes, 0, numNodes, -1);
    for (int rank = 0; rank < numKept; rank++) {
      draftIndexes[kept[rank]] = 0;
    }
    for (int node = 0; node < numNodes; node++) {
      if (draftIndexes[node] == 0) {
        draftIndexes[node] = drafts.numDrafts();
        drafts.add(tokens[node], parents[node] == ROOT ? ROOT : draftIndexes[parents[node]]);
      }
    }
  }
}
