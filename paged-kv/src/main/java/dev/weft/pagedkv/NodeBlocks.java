package dev.weft.pagedkv;

/**
 * Which blocks hold the content of a node of the {@link PrefixTree}: one, or several when sequences
 * computed the same tokens side by side. The first that entered is the one that is found.
 */
final class NodeBlocks {
  private static final int NONE = 0;
  private final int[] node;
  private final int[] next;
  private final int[] previous;
  private final int[] first;
  private final int[] last;

  NodeBlocks(int numBlocks) {
    node = new int[numBlocks];
    next = new int[numBlocks];
    previous = new int[numBlocks];
    first = new int[numBlocks];
    last = new int[numBlocks];
  }

  /** Node of the block's content, {@link PrefixTree#NONE} when it is not cached. */
  int node(int block) {
    return node[block];
  }

  /** The block that serves the node. */
  int first(int ofNode) {
    return first[ofNode];
  }

  /** The block of the same node that entered after this one, 0 when there is none. */
  int next(int block) {
    return next[block];
  }

  boolean isOnly(int block) {
    return next[block] == NONE && previous[block] == NONE;
  }

  void add(int block, int toNode) {
    int before = last[toNode];
    node[block] = toNode;
    previous[block] = before;
    last[toNode] = block;
    if (before == NONE) {
      first[toNode] = block;
    } else {
      next[before] = block;
    }
  }

  void remove(int block) {
    int ofNode = node[block];
    int before = previous[block];
    int after = next[block];
    if (before == NONE) {
      first[ofNode] = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      last[ofNode] = before;
    } else {
      previous[after] = before;
    }
    node[block] = PrefixTree.NONE;
    next[block] = NONE;
    previous[block] = NONE;
  }
}
