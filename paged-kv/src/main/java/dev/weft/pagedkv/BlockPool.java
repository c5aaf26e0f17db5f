package dev.weft.pagedkv;

import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.KvNamespace;

/**
 * The blocks: who holds them, which are free, and what can be found in them.
 *
 * <p>A block is held (by sequences), pending (by nobody, but pinned) or free; a free one that is cached is
 * <em>idle</em> and stays so until its memory is wanted. Blocks come back from a sequence last one first,
 * so a node becomes idle after its children and goes after them.
 *
 * <p><b>Equal content twice.</b> When a sequence commits what already is a node, its block joins the node
 * as a further copy: the sequence goes on below that node, holds a block of every ancestor, and nothing
 * that is held can lose its place in the index because somebody else's copy goes. A copy that nobody holds
 * is worth nothing while there is another, so it stops to be cached and is handed out early: of an idle
 * copy and a new held one the new one stays, of two held ones the one that is held longer. Therefore a
 * node is either held, all its copies, or has exactly one block; and above a held node all are held (I17).
 * With {@code keepsCopies} idle copies stay cached beside each other, as vLLM does it.
 *
 * <p><b>Closed under prefixes (I16).</b> A node that goes takes what continues it along, children first.
 * In the order of release children are idle before their parents, so there is nothing to take along,
 * except after an unpin or an uncommit.
 */
final class BlockPool {
  private final PrefixTree tree;
  private final KvEvents events;
  private final EvictionRank evictionRank;
  private final boolean keepsCopies;
  private final FreeQueue free;
  private final NodeBlocks cached;
  private final int[] numHolders;
  private final int[] numPins;
  private final int[] numHits;
  /** By node: the largest rank among its children that became idle. */
  private final int[] childRank;
  private int numPending;
  private long numEvictions;

  BlockPool(int numBlocks, PrefixTree tree, KvEvents events, EvictionRank evictionRank,
      boolean keepsCopies) {
    this.tree = tree;
    this.events = events;
    this.evictionRank = evictionRank;
    this.keepsCopies = keepsCopies;
    free = new FreeQueue(numBlocks);
    cached = new NodeBlocks(numBlocks);
    numHolders = new int[numBlocks];
    numPins = new int[numBlocks];
    numHits = new int[numBlocks];
    childRank = new int[numBlocks];
  }

  // ---- hand out and give back

  /** Hands out a free block; what it cached is forgotten. */
  int take() {
    int block = free.first();
    if (cached.node(block) != PrefixTree.NONE) {
      numEvictions += forget(block);
    }
    free.remove(block);
    numHolders[block] = 1;
    return block;
  }

  /** One more sequence holds a block that is held already. */
  void share(int block) {
    numHolders[block]++;
  }

  /** A sequence holds the block that serves a node. */
  int adopt(int node) {
    int block = cached.first(node);
    if (numHolders[block]++ == 0) {
      if (numPins[block] == 0) {
        free.remove(block);
      } else {
        numPending--;
      }
    }
    numHits[node]++;
    return block;
  }

  /**
   * One sequence less holds the block.
   *
   * @param left the uncached block that came back before it in the same release, 0 for none
   * @return this block if it came back uncached, else {@code left}
   */
  int giveBack(int block, int left) {
    if (numHolders[block] > 1) {
      numHolders[block]--;
      return left;
    }
    int rank = rank(block);
    numHolders[block] = 0;
    if (!keepsCopies && !cached.isOnly(block)) {
      cached.remove(block);
    }
    if (numPins[block] > 0) {
      numPending++;
      return left;
    }
    return becomeFree(block, rank, left);
  }

  void pin(int block) {
    numPins[block]++;
  }

  void unpin(int block) {
    if (numPins[block] > 1 || numHolders[block] > 0) {
      numPins[block]--;
      return;
    }
    int rank = rank(block);
    numPins[block] = 0;
    numPending--;
    becomeFree(block, rank, 0);
  }

  private int becomeFree(int block, int rank, int left) {
    if (cached.node(block) != PrefixTree.NONE) {
      free.addCachedLast(rank, block);
      return left;
    }
    free.addUncachedAfter(left, block);
    return block;
  }

  /** Rank of a block that nobody will hold, at least that of what continues it; told to its parent. */
  private int rank(int block) {
    int node = cached.node(block);
    if (node == PrefixTree.NONE) {
      return 0;
    }
    int rank = evictionRank.rank(tree.blockIndex(node), numHits[node]);
    if (rank < 0 || rank >= EvictionRank.NUM_RANKS) {
      throw new IllegalArgumentException("eviction rank is " + rank + ", must be 0 to "
          + (EvictionRank.NUM_RANKS - 1));
    }
    int atLeast = tree.firstChild(node) == PrefixTree.NONE ? 0 : childRank[node];
    int effective = Math.max(rank, atLeast);
    int parent = tree.parent(node);
    if (!PrefixTree.isRoot(parent)) {
      childRank[parent] = Math.max(childRank[parent], effective);
    }
    return effective;
  }

  // ---- what can be found

  /** Lets the block's content be found below a parent; returns its node. */
  int commit(int block, int parent, int[] tokens, KvNamespace namespace) {
    if (cached.node(block) != PrefixTree.NONE) {
      return cached.node(block); // It is shared, and another holder has committed it.
    }
    int node = tree.child(parent, tokens);
    if (node != PrefixTree.NONE) {
      addCopy(block, node);
      return node;
    }
    node = tree.insert(parent, tokens);
    numHits[node] = 0;
    childRank[node] = 0;
    cached.add(block, node);
    events.stored(node, namespace);
    return node;
  }

  private void addCopy(int block, int node) {
    int served = cached.first(node);
    cached.add(block, node);
    if (!keepsCopies && numHolders[served] == 0) {
      uncache(served);
    }
  }

  /**
   * Lets the block not be found any more, and what continues it neither, unless its node has another
   * block.
   *
   * @return blocks that cannot be found any more
   */
  int forget(int block) {
    if (!cached.isOnly(block)) {
      uncache(block);
      return 1;
    }
    int top = cached.node(block);
    int count = 0;
    int node = top;
    while (true) {
      while (tree.firstChild(node) != PrefixTree.NONE) {
        node = tree.firstChild(node);
      }
      int parent = tree.parent(node);
      count += removeNode(node);
      if (node == top) {
        return count;
      }
      node = parent;
    }
  }

  private int removeNode(int node) {
    int count = 0;
    for (int block = cached.first(node); block != 0; block = cached.first(node)) {
      uncache(block);
      count++;
    }
    events.removed(node);
    tree.remove(node);
    return count;
  }

  /** The block has no node any more; a free one is handed out next. */
  private void uncache(int block) {
    cached.remove(block);
    if (isFree(block)) {
      free.remove(block);
      free.addUncachedAfter(0, block);
    }
  }

  /** Forgets all; only when no block is held or pinned. */
  void clear() {
    for (int block = 1; block < numHolders.length; block++) {
      if (cached.node(block) != PrefixTree.NONE) {
        cached.remove(block);
      }
    }
    free.becomeUncached();
    tree.clear();
    events.cleared();
  }

  // ---- numbers

  int numBlocks() {
    return numHolders.length - 1;
  }

  int numFree() {
    return free.size();
  }

  int numPending() {
    return numPending;
  }

  int numHolders(int block) {
    return numHolders[block];
  }

  int numPins(int block) {
    return numPins[block];
  }

  boolean isFree(int block) {
    return numHolders[block] == 0 && numPins[block] == 0;
  }

  /** True when an adoption of this node would use up a free block. */
  boolean isIdle(int node) {
    return isFree(cached.first(node));
  }

  int node(int block) {
    return cached.node(block);
  }

  long numEvictions() {
    return numEvictions;
  }

  FreeQueue free() {
    return free;
  }

  NodeBlocks cached() {
    return cached;
  }
}
