package dev.weft.pagedkv;

import java.util.Arrays;

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
 * Stack, Information Processing Letters 17, 1983).
 */
final class PrefixTree {
  /** No node. */
  static final int NONE = 0;

  private final int blockSize;
  private final long hashMask;
  private final Namespaces namespaces;
  private final PrefixBuckets buckets;
  private final long[] key;
  private final int[] parent;
  private final int[] farAncestor;
  private final int[] firstChild;
  private final int[] nextSibling;
  private final int[] previousSibling;
  private final int[] blockIndex;
  private final int[] tokens;
  private final int[] vacant;
  private int numVacant;
  private long lastKey;

  PrefixTree(int maxNumNodes, int blockSize, long hashMask, Namespaces namespaces) {
    this.blockSize = blockSize;
    this.hashMask = hashMask;
    this.namespaces = namespaces;
    buckets = new PrefixBuckets(maxNumNodes);
    key = new long[maxNumNodes + 1];
    parent = new int[maxNumNodes + 1];
    farAncestor = new int[maxNumNodes + 1];
    firstChild = new int[maxNumNodes + 1];
    nextSibling = new int[maxNumNodes + 1];
    previousSibling = new int[maxNumNodes + 1];
    blockIndex = new int[maxNumNodes + 1];
    tokens = new int[(maxNumNodes + 1) * blockSize];
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
    while (node != NONE && !(parent[node] == parentNode && hasTokens(node, text, offset))) {
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
    return buckets.read(node) + parent[node] + tokens[node * blockSize];
  }

  /** Adds a child that is not there yet. */
  int insert(long hash, int parentNode, int[] text, int offset) {
    int node = vacant[--numVacant];
    key[node] = ++lastKey;
    parent[node] = parentNode;
    firstChild[node] = NONE;
    System.arraycopy(text, offset, tokens, node * blockSize, blockSize);
    if (isRoot(parentNode)) {
      namespaces.addUser(rootOf(parentNode));
      blockIndex[node] = 0;
      farAncestor[node] = node;
    } else {
      linkToSiblings(node, parentNode);
      blockIndex[node] = blockIndex[parentNode] + 1;
      farAncestor[node] = farAncestorOfChild(parentNode);
    }
    buckets.add(node, hash);
    return node;
  }

  /** Removes a node without children. */
  void remove(int node) {
    if (firstChild[node] != NONE) {
      throw new IllegalStateException("I16: node " + node + " is to go before its children");
    }
    if (isRoot(parent[node])) {
      namespaces.removeUser(rootOf(parent[node]));
    } else {
      unlinkFromSiblings(node);
    }
    buckets.remove(node);
    key[node] = 0;
    vacant[numVacant++] = node;
  }

  /** Removes all nodes, cost O(nodes). */
  void clear() {
    for (int node = 1; node < key.length; node++) {
      if (key[node] != 0) {
        removeSubtree(node);
      }
    }
  }

  private void removeSubtree(int top) {
    int node = leafBelow(top);
    while (node != top) {
      int above = parent[node];
      remove(node);
      node = leafBelow(above);
    }
    remove(top);
  }

  /** The first node without children on the way down through first children. */
  int leafBelow(int node) {
    int leaf = node;
    while (firstChild[leaf] != NONE) {
      leaf = firstChild[leaf];
    }
    return leaf;
  }

  /** Names the prefix; 0 for a root, and when there is no such node. */
  long key(int node) {
    return isRoot(node) ? 0 : key[node];
  }

  int parent(int node) {
    return parent[node];
  }

  /** An ancestor, far away from most nodes; the node itself if it is a first block. */
  int farAncestor(int node) {
    return farAncestor[node];
  }

  /** The ancestor whose block has this index, or the node itself; cost O(log depth). */
  int ancestor(int node, int index) {
    int above = node;
    while (blockIndex[above] > index) {
      int far = farAncestor[above];
      above = blockIndex[far] >= index ? far : parent[above];
    }
    return above;
  }

  int firstChild(int node) {
    return firstChild[node];
  }

  int nextSibling(int node) {
    return nextSibling[node];
  }

  /** Place of the node's block in its prefix, from 0. */
  int blockIndex(int node) {
    return blockIndex[node];
  }

  boolean hasTokens(int node, int[] text, int offset) {
    int from = node * blockSize;
    return Arrays.equals(tokens, from, from + blockSize, text, offset, offset + blockSize);
  }

  /** The tokens of all nodes; those of one start at {@link #tokenOffset}. */
  int[] tokens() {
    return tokens;
  }

  int tokenOffset(int node) {
    return node * blockSize;
  }

  /** Two jumps of equal length become one, otherwise the parent is the only jump. */
  private int farAncestorOfChild(int node) {
    int far = farAncestor[node];
    int farther = farAncestor[far];
    boolean areEqual = blockIndex[node] - blockIndex[far] == blockIndex[far] - blockIndex[farther];
    return areEqual ? farther : node;
  }

  private void linkToSiblings(int node, int parentNode) {
    int next = firstChild[parentNode];
    nextSibling[node] = next;
    previousSibling[node] = NONE;
    previousSibling[next] = node;
    firstChild[parentNode] = node;
  }

  private void unlinkFromSiblings(int node) {
    int next = nextSibling[node];
    int previous = previousSibling[node];
    previousSibling[next] = previous;
    if (previous == NONE) {
      firstChild[parent[node]] = next;
    } else {
      nextSibling[previous] = next;
    }
  }
}
