package dev.weft.pagedkv;

import java.util.Arrays;

/**
 * Cached prefixes as a tree. A node stands for "all tokens up to the end of one block, in one namespace":
 * it has a parent, which is a node or, for a first block, the root of a namespace, and its own token ids.
 *
 * <p>The child of a parent with certain tokens is found through a hash table. The hash only chooses the
 * bucket; a node is accepted if its parent <em>is</em> the given one and its tokens are equal, which is
 * compared. By induction from the root this makes the whole prefix and its namespace equal, whatever the
 * hash does. A node goes only after its children, so a parent's number cannot come to mean another prefix
 * while a child points to it. Its key is given once and tells a holder of the number whether the node is
 * still the same.
 *
 * <p>Children are chained through their siblings, the newest first. Lookup, insertion and removal cost
 * O(block size) and two or three cache misses.
 */
final class PrefixTree {
  /** No node. */
  static final int NONE = 0;

  private final int blockSize;
  private final long hashMask;
  private final Namespaces namespaces;
  private final int[] firstInBucket;
  private final int[] nextInBucket;
  private final int[] previousInBucket;
  private final long[] hash;
  private final long[] key;
  private final int[] parent;
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
    firstInBucket = new int[Math.max(2, Integer.highestOneBit(maxNumNodes) * 2)];
    nextInBucket = new int[maxNumNodes + 1];
    previousInBucket = new int[maxNumNodes + 1];
    hash = new long[maxNumNodes + 1];
    key = new long[maxNumNodes + 1];
    parent = new int[maxNumNodes + 1];
    firstChild = new int[maxNumNodes + 1];
    nextSibling = new int[maxNumNodes + 1];
    previousSibling = new int[maxNumNodes + 1];
    blockIndex = new int[maxNumNodes + 1];
    tokens = new int[(maxNumNodes + 1) * blockSize];
    vacant = new int[maxNumNodes];
    vacateAll();
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

  int numNodes() {
    return vacant.length - numVacant;
  }

  /** The child with these tokens, or {@link #NONE}. */
  int child(int parentNode, int[] blockTokens) {
    return find(hashOfChild(parentNode, blockTokens), parentNode, blockTokens);
  }

  /** Adds a child that is not there yet. */
  int insert(int parentNode, int[] blockTokens) {
    int node = vacant[--numVacant];
    key[node] = ++lastKey;
    hash[node] = hashOfChild(parentNode, blockTokens);
    parent[node] = parentNode;
    firstChild[node] = NONE;
    blockIndex[node] = isRoot(parentNode) ? 0 : blockIndex[parentNode] + 1;
    System.arraycopy(blockTokens, 0, tokens, node * blockSize, blockSize);
    linkToBucket(node);
    linkToParent(node);
    return node;
  }

  /** Removes a node without children. */
  void remove(int node) {
    if (firstChild[node] != NONE) {
      throw new IllegalStateException("I16: node " + node + " is to go before its children");
    }
    unlinkFromParent(node);
    unlinkFromBucket(node);
    key[node] = 0;
    vacant[numVacant++] = node;
  }

  /** Removes all nodes. */
  void clear() {
    for (int node = 1; node < key.length; node++) {
      if (key[node] != 0 && isRoot(parent[node])) {
        namespaces.removeUser(rootOf(parent[node]));
      }
    }
    Arrays.fill(firstInBucket, NONE);
    Arrays.fill(key, 0);
    vacateAll();
  }

  /** Names the prefix; 0 when there is no such node. */
  long key(int node) {
    return isRoot(node) ? 0 : key[node];
  }

  int parent(int node) {
    return parent[node];
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

  boolean hasTokens(int node, int[] blockTokens) {
    int from = node * blockSize;
    return Arrays.equals(tokens, from, from + blockSize, blockTokens, 0, blockSize);
  }

  /** The tokens of all nodes; those of one start at {@link #tokenOffset}. */
  int[] tokens() {
    return tokens;
  }

  int tokenOffset(int node) {
    return node * blockSize;
  }

  private long hashOfChild(int parentNode, int[] blockTokens) {
    long start = isRoot(parentNode) ? namespaces.hash(rootOf(parentNode)) : hash[parentNode];
    return BlockHash.of(start, blockTokens) & hashMask;
  }

  private int find(long childHash, int parentNode, int[] blockTokens) {
    int node = firstInBucket[bucket(childHash)];
    while (node != NONE) {
      if (hash[node] == childHash && parent[node] == parentNode && hasTokens(node, blockTokens)) {
        return node;
      }
      node = nextInBucket[node];
    }
    return NONE;
  }

  private int bucket(long nodeHash) {
    return (int) nodeHash & firstInBucket.length - 1;
  }

  private void linkToBucket(int node) {
    int bucket = bucket(hash[node]);
    int next = firstInBucket[bucket];
    nextInBucket[node] = next;
    previousInBucket[node] = NONE;
    previousInBucket[next] = node;
    firstInBucket[bucket] = node;
  }

  private void unlinkFromBucket(int node) {
    int next = nextInBucket[node];
    int previous = previousInBucket[node];
    previousInBucket[next] = previous;
    if (previous == NONE) {
      firstInBucket[bucket(hash[node])] = next;
    } else {
      nextInBucket[previous] = next;
    }
  }

  private void linkToParent(int node) {
    int parentNode = parent[node];
    previousSibling[node] = NONE;
    if (isRoot(parentNode)) {
      nextSibling[node] = NONE;
      namespaces.addUser(rootOf(parentNode));
      return;
    }
    int next = firstChild[parentNode];
    nextSibling[node] = next;
    previousSibling[next] = node;
    firstChild[parentNode] = node;
  }

  private void unlinkFromParent(int node) {
    int parentNode = parent[node];
    if (isRoot(parentNode)) {
      namespaces.removeUser(rootOf(parentNode));
      return;
    }
    int next = nextSibling[node];
    int previous = previousSibling[node];
    previousSibling[next] = previous;
    if (previous == NONE) {
      firstChild[parentNode] = next;
    } else {
      nextSibling[previous] = next;
    }
  }

  private void vacateAll() {
    numVacant = vacant.length;
    for (int i = 0; i < numVacant; i++) {
      vacant[i] = numVacant - i;
    }
  }
}
