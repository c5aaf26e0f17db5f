package dev.weft.pagedkv;

import static dev.weft.pagedkv.NodeRecords.BLOCK_INDEX;
import static dev.weft.pagedkv.NodeRecords.FAR_ANCESTOR;
import static dev.weft.pagedkv.NodeRecords.FIRST_CHILD;
import static dev.weft.pagedkv.NodeRecords.KEY;
import static dev.weft.pagedkv.NodeRecords.NEXT_SIBLING;
import static dev.weft.pagedkv.NodeRecords.PARENT;
import static dev.weft.pagedkv.NodeRecords.PREVIOUS_SIBLING;
import static dev.weft.pagedkv.NodeRecords.TOKENS;

/**
 * Cached prefixes as a tree. A node stands for "all tokens up to the end of one block, in one
 * namespace": it has a parent, which is a node or, for a first block, the root of a namespace, and
 * its own token ids.
 *
 * <p>The child of a parent with certain tokens is found through a hash table. The hash only chooses
 * the bucket; a node is accepted if its parent <em>is</em> the given one and its tokens are equal,
 * which is compared. By induction from the root this makes the whole prefix and its namespace
 * equal, whatever the hash does. A node goes only after its children, so a parent's number cannot
 * come to mean another prefix while a child points to it. Its key is given once and tells a holder
 * of the number whether the node is still the same.
 *
 * <p>Children are chained through their siblings, the newest first. Lookup, insertion and removal
 * cost O(block size) and two or three cache misses. Each node also points to a far ancestor, such
 * that the way to any ancestor has O(log depth) steps (E. Myers, An Applicative Random-Access
 * Stack, Information Processing Letters 17, 1983). It is found when it is first asked for: most
 * nodes are entered while nobody looks, and the nodes above would have to come from memory.
 */
final class PrefixTree {
  /** No node. */
  static final int NONE = 0;

  private final int blockSize;
  private final long hashMask;
  private final Namespaces namespaces;
  private final PrefixBuckets buckets;
  private final IntRecords nodes;
  private final int[] vacant;
  private int numVacant;
  private long lastKey;

  PrefixTree(IntRecords nodes, int blockSize, long hashMask, Namespaces namespaces) {
    this.nodes = nodes;
    this.blockSize = blockSize;
    this.hashMask = hashMask;
    this.namespaces = namespaces;
    int maxNumNodes = nodes.numRecords() - 1;
    buckets = new PrefixBuckets(nodes);
    vacant = new int[maxNumNodes];
    while (numVacant < maxNumNodes) {
      vacant[numVacant] = maxNumNodes - numVacant++;
    }
  }

  /** Stands for a namespace's root where a parent is asked for. */
  static int ofRoot(int root) {
    return -1 - root;
  }

  static boolean isRoot(int node) {
    return node < 0;
  }

  static int rootOf(int node) {
    return -1 - node;
  }

  /** Tokens of a node. */
  int blockSize() {
    return blockSize;
  }

  int maxNumNodes() {
    return vacant.length;
  }

  int numNodes() {
    return vacant.length - numVacant;
  }

  /** Hash of the prefix up to a node, or of the root of a namespace. */
  long hash(int node) {
    return isRoot(node) ? namespaces.hash(rootOf(node)) : buckets.hash(node);
  }

  /** Hash of the prefix that is longer by the block of tokens that starts at an offset. */
  long hashBelow(long prefixHash, int[] text, int offset) {
    return BlockHash.of(prefixHash, text, offset, blockSize) & hashMask;
  }

  /** The child whose tokens start at an offset, or {@link #NONE}; the hash is that of the child. */
  int child(long hash, int parentNode, int[] text, int offset) {
    int node = buckets.first(hash);
    while (node != NONE && !(parent(node) == parentNode && hasTokens(node, text, offset))) {
      node = buckets.next(node);
    }
    return node;
  }

  /** Some node where a search for this hash begins, or {@link #NONE}. */
  int newestInBucket(long hash) {
    return buckets.newest(hash);
  }

  /** Reads what a search reads of a node; what it returns means nothing. */
  long read(int node) {
    return buckets.hash(node) + nodes.get(node, TOKENS);
  }

  /** Adds a child that is not there yet. */
  int insert(long hash, int parentNode, int[] text, int offset) {
    int node = vacant[--numVacant];
    nodes.setLong(node, KEY, ++lastKey);
    nodes.set(node, PARENT, parentNode);
    nodes.set(node, FIRST_CHILD, NONE);
    nodes.copyIn(node, TOKENS, text, offset, blockSize);
    if (isRoot(parentNode)) {
      namespaces.addUser(rootOf(parentNode));
      nodes.set(node, BLOCK_INDEX, 0);
      nodes.set(node, FAR_ANCESTOR, node);
    } else {
      linkToSiblings(node, parentNode);
      nodes.set(node, BLOCK_INDEX, blockIndex(parentNode) + 1);
      nodes.set(node, FAR_ANCESTOR, NONE);
    }
    buckets.add(node, hash);
    return node;
  }

  /** Removes a node without children. */
  void remove(int node) {
    if (firstChild(node) != NONE) {
      throw new IllegalStateException("I16: node " + node + " is to go before its children");
    }
    int above = parent(node);
    if (isRoot(above)) {
      namespaces.removeUser(rootOf(above));
    } else {
      unlinkFromSiblings(node, above);
    }
    buckets.remove(node);
    nodes.setLong(node, KEY, 0);
    vacant[numVacant++] = node;
  }

  /** Removes all nodes, cost O(nodes). */
  void clear() {
    for (int node = 1; node < nodes.numRecords(); node++) {
      if (key(node) != 0) {
        removeSubtree(node);
      }
    }
  }

  private void removeSubtree(int top) {
    int node = leafBelow(top);
    while (node != top) {
      int above = parent(node);
      remove(node);
      node = leafBelow(above);
    }
    remove(top);
  }

  /** The first node without children on the way down through first children. */
  int leafBelow(int node) {
    int leaf = node;
    while (firstChild(leaf) != NONE) {
      leaf = firstChild(leaf);
    }
    return leaf;
  }

  /** Names the prefix; 0 for a root, and when there is no such node. */
  long key(int node) {
    return isRoot(node) ? 0 : nodes.getLong(node, KEY);
  }

  int parent(int node) {
    return nodes.get(node, PARENT);
  }

  /**
   * An ancestor, far away from most nodes; the node itself if it is a first block. Cost O(nodes
   * entered above since it was last asked for).
   */
  int farAncestor(int node) {
    int far = nodes.get(node, FAR_ANCESTOR);
    return far != NONE ? far : findFarAncestors(node);
  }

  /** The ancestor whose block has this index, or the node itself; cost O(log depth). */
  int ancestor(int node, int index) {
    int above = node;
    while (blockIndex(above) > index) {
      int far = farAncestor(above);
      above = blockIndex(far) >= index ? far : parent(above);
    }
    return above;
  }

  int firstChild(int node) {
    return nodes.get(node, FIRST_CHILD);
  }

  int nextSibling(int node) {
    return nodes.get(node, NEXT_SIBLING);
  }

  /** Place of the node's block in its prefix, from 0. */
  int blockIndex(int node) {
    return nodes.get(node, BLOCK_INDEX);
  }

  boolean hasTokens(int node, int[] text, int offset) {
    return nodes.equals(node, TOKENS, text, offset, blockSize);
  }

  /** An array with the tokens of all nodes; those of one start at {@link #tokenOffset}. */
  int[] tokens() {
    return nodes.values();
  }

  int tokenOffset(int node) {
    return nodes.offset(node) + TOKENS;
  }

  /**
   * Sets the far ancestors from the nearest node above that knows its own down to this one. On the
   * way up each node remembers the one below in place of what is to be found.
   */
  private int findFarAncestors(int node) {
    int below = NONE;
    int above = node;
    while (nodes.get(above, FAR_ANCESTOR) == NONE) {
      nodes.set(above, FAR_ANCESTOR, below);
      below = above;
      above = parent(above);
    }
    while (below != NONE) {
      int next = nodes.get(below, FAR_ANCESTOR);
      nodes.set(below, FAR_ANCESTOR, farAncestorOfChild(above));
      above = below;
      below = next;
    }
    return nodes.get(node, FAR_ANCESTOR);
  }

  /** Two jumps of equal length become one, otherwise the parent is the only jump. */
  private int farAncestorOfChild(int node) {
    int far = farAncestor(node);
    int farther = farAncestor(far);
    int middle = blockIndex(far);
    return blockIndex(node) - middle == middle - blockIndex(farther) ? farther : node;
  }

  private void linkToSiblings(int node, int parentNode) {
    int next = firstChild(parentNode);
    nodes.set(node, NEXT_SIBLING, next);
    nodes.set(node, PREVIOUS_SIBLING, NONE);
    if (next != NONE) {
      nodes.set(next, PREVIOUS_SIBLING, node);
    }
    nodes.set(parentNode, FIRST_CHILD, node);
  }

  private void unlinkFromSiblings(int node, int parentNode) {
    int next = nextSibling(node);
    int previous = nodes.get(node, PREVIOUS_SIBLING);
    if (next != NONE) {
      nodes.set(next, PREVIOUS_SIBLING, previous);
    }
    if (previous == NONE) {
      nodes.set(parentNode, FIRST_CHILD, next);
    } else {
      nodes.set(previous, NEXT_SIBLING, next);
    }
  }
}
