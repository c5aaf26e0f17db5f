package dev.weft.pagedkv;

import java.util.Arrays;

/** Recounts the tree of prefixes and which blocks serve it; part of {@link KvIntegrity}. */
final class TreeIntegrity {
  private final BlockCounts counts;
  private final PrefixCache cache;
  private final PrefixTree tree;
  private final Namespaces namespaces;
  private final int[] blockTokens;
  private final int[] numChildren;
  private int[] numFirstBlocks = new int[4];

  TreeIntegrity(BlockCounts counts, PrefixCache cache, PrefixTree tree, Namespaces namespaces) {
    this.counts = counts;
    this.cache = cache;
    this.tree = tree;
    this.namespaces = namespaces;
    blockTokens = new int[tree.blockSize()];
    numChildren = new int[tree.maxNumNodes() + 1];
  }

  void check() {
    Arrays.fill(numChildren, 0);
    numFirstBlocks = new int[Math.max(4, namespaces.numRoots())];
    int numNodes = 0;
    for (int node = 1; node <= tree.maxNumNodes(); node++) {
      if (tree.key(node) != 0) {
        numNodes++;
        checkParent(node);
        checkFound(node);
        checkBlocks(node);
      }
    }
    if (numNodes != tree.numNodes()) {
      throw KvIntegrity.wrong("I16", tree.numNodes() + " nodes, found " + numNodes);
    }
    checkChildren();
    checkCachedBlocks();
  }

  /** By root: first blocks, counted by the last {@link #check}. */
  int[] numFirstBlocks() {
    return numFirstBlocks;
  }

  private void checkParent(int node) {
    int parent = tree.parent(node);
    if (PrefixTree.isRoot(parent)) {
      numFirstBlocks[PrefixTree.rootOf(parent)]++;
      return;
    }
    numChildren[parent]++;
    if (tree.key(parent) == 0 || tree.key(parent) > tree.key(node)
        || tree.blockIndex(parent) != tree.blockIndex(node) - 1) {
      throw KvIntegrity.wrong("I16", "the parent of node " + node + " cannot be found");
    }
  }

  /** What is looked up by the node's own content is the node: there is no second one like it. */
  private void checkFound(int node) {
    System.arraycopy(tree.tokens(), tree.tokenOffset(node), blockTokens, 0, blockTokens.length);
    int parent = tree.parent(node);
    int found =
        tree.child(tree.hashBelow(tree.hash(parent), blockTokens, 0), parent, blockTokens, 0);
    if (found != node) {
      throw KvIntegrity.wrong("I22", "node " + found + " is found in place of " + node);
    }
  }

  private void checkBlocks(int node) {
    int first = cache.block(node);
    boolean isHeld = false;
    int numBlocks = 0;
    for (int block = first; block != 0; block = cache.blocks().next(block)) {
      if (cache.node(block) != node || block == cache.blocks().next(block)) {
        throw KvIntegrity.wrong("I16", "block " + block + " does not serve node " + node);
      }
      numBlocks++;
      isHeld |= counts.isHeld(block);
      if (!cache.keepsCopies() && counts.isHeld(block) != counts.isHeld(first)) {
        throw KvIntegrity.wrong("I17", "node " + node + " has a copy that nobody holds");
      }
    }
    if (numBlocks == 0 || (!isHeld && numBlocks > 1 && !cache.keepsCopies())) {
      throw KvIntegrity.wrong("I17", "node " + node + " has " + numBlocks + " blocks");
    }
    int parent = tree.parent(node);
    if (isHeld && !PrefixTree.isRoot(parent) && !isAnyHeld(parent)) {
      throw KvIntegrity.wrong("I25", "node " + parent + " can be evicted before its child " + node);
    }
  }

  private boolean isAnyHeld(int node) {
    int block = cache.block(node);
    while (block != 0 && !counts.isHeld(block)) {
      block = cache.blocks().next(block);
    }
    return block != 0;
  }

  private void checkChildren() {
    for (int node = 1; node <= tree.maxNumNodes(); node++) {
      int count = 0;
      int child = tree.key(node) == 0 ? PrefixTree.NONE : tree.firstChild(node);
      for (; child != PrefixTree.NONE; child = tree.nextSibling(child)) {
        if (tree.parent(child) != node || ++count > numChildren[node]) {
          break;
        }
      }
      if (count != numChildren[node]) {
        throw KvIntegrity.wrong("I16", "node " + node + " has " + numChildren[node]
            + " children, its list " + count);
      }
    }
  }

  private void checkCachedBlocks() {
    for (int block = 1; block < counts.numBlocks(); block++) {
      int node = cache.node(block);
      if (node != PrefixTree.NONE && tree.key(node) == 0) {
        throw KvIntegrity.wrong("I16", "block " + block + " serves a prefix that is gone");
      }
    }
  }
}
