package dev.weft.pagedkv;

import static dev.weft.pagedkv.NodeRecords.CHILD_RANK;
import static dev.weft.pagedkv.NodeRecords.NUM_HITS;

import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.KvNamespace;

/**
 * What can be found in the blocks: ties the nodes of the {@link PrefixTree} to blocks, and says how
 * long an idle one stays.
 *
 * <p><b>Equal content twice.</b> When a sequence commits what already is a node, its block joins
 * the node as a further copy. The sequence goes on below that node and holds a block of every
 * ancestor, so nothing that is held loses its place in the index because somebody else's copy goes.
 * A copy that nobody holds is worth nothing while there is another: it stops to be cached and is
 * handed out early. Of an idle copy and a new held one the new one stays; of two held ones, the one
 * that is held longer. Hence either all copies of a node are held or it has exactly one block, and
 * above a held node all are held (I17). With {@code keepsCopies} idle copies stay cached beside
 * each other, as vLLM does it.
 *
 * <p><b>Closed under prefixes (I16).</b> A node that goes takes along what continues it, children
 * first. Sequences give back their last block first, so children are idle before their parents and
 * there is nothing to take along, except after an unpin or an uncommit.
 */
final class PrefixCache {
  private final PrefixTree tree;
  private final KvEvents events;
  private final EvictionRank evictionRank;
  private final boolean keepsCopies;
  private final BlockCounts counts;
  private final FreeQueue free;
  private final NodeBlocks blocks;
  private final IntRecords nodes;

  PrefixCache(PrefixTree tree, KvEvents events, EvictionRank evictionRank, boolean keepsCopies,
      BlockCounts counts, FreeQueue free, NodeBlocks blocks, IntRecords nodes) {
    this.tree = tree;
    this.events = events;
    this.evictionRank = evictionRank;
    this.keepsCopies = keepsCopies;
    this.counts = counts;
    this.free = free;
    this.blocks = blocks;
    this.nodes = nodes;
  }

  /** Node of the block's content, {@link PrefixTree#NONE} when it cannot be found. */
  int node(int block) {
    return blocks.node(block);
  }

  boolean isCached(int block) {
    return blocks.node(block) != PrefixTree.NONE;
  }

  /** The block that serves a node. */
  int block(int node) {
    return blocks.first(node);
  }

  NodeBlocks blocks() {
    return blocks;
  }

  boolean keepsCopies() {
    return keepsCopies;
  }

  void countHit(int node) {
    nodes.add(node, NUM_HITS, 1);
  }

  /**
   * Lets the content of a held block, which was read ahead, be found below a parent.
   *
   * @return its node
   */
  int commit(int block, int parent, BlocksAhead ahead, int index, KvNamespace namespace) {
    int node = ahead.child(parent, index);
    if (node == PrefixTree.NONE) {
      node = ahead.insert(parent, index);
      nodes.set(node, NUM_HITS, 0);
      nodes.set(node, CHILD_RANK, 0);
      blocks.add(block, node);
      events.stored(node, namespace);
    } else {
      int served = blocks.first(node);
      blocks.add(block, node);
      if (!keepsCopies && !counts.isHeld(served)) {
        uncache(served);
      }
    }
    return node;
  }

  /**
   * Lets the block not be found any more, and what continues it neither, unless its node has
   * another block.
   *
   * @return how many blocks cannot be found any more
   */
  int forget(int block) {
    if (!blocks.isOnly(block)) {
      uncache(block);
      return 1;
    }
    int top = blocks.node(block);
    int count = 0;
    int node = tree.leafBelow(top);
    while (node != top) {
      int above = tree.parent(node);
      count += removeNode(node);
      node = tree.leafBelow(above);
    }
    return count + removeNode(top);
  }

  private int removeNode(int node) {
    int count = 0;
    for (int block = blocks.first(node); block != 0; block = blocks.first(node)) {
      uncache(block);
      count++;
    }
    events.removed(node);
    tree.remove(node);
    return count;
  }

  /** The block has no node any more; a free one is handed out next. */
  private void uncache(int block) {
    blocks.remove(block);
    if (counts.isFree(block)) {
      free.removeCached(block);
      free.addUncachedAfter(0, block);
    }
  }

  /** True when the block is worth nothing once nobody holds it: its node has another one. */
  boolean isSpare(int block) {
    return !keepsCopies && !blocks.isOnly(block);
  }

  /** Takes a spare block from its node. */
  void dropSpare(int block) {
    blocks.remove(block);
  }

  /**
   * Rank of a cached block that nobody will hold. At least the rank of what continues it, and
   * remembered for the block that it continues.
   */
  int rank(int block) {
    int node = blocks.node(block);
    int rank = evictionRank.rank(tree.blockIndex(node), nodes.get(node, NUM_HITS));
    if (rank < 0 || rank >= EvictionRank.NUM_RANKS) {
      throw new IllegalArgumentException("eviction rank is " + rank + ", must be 0 to "
          + (EvictionRank.NUM_RANKS - 1));
    }
    if (tree.firstChild(node) != PrefixTree.NONE) {
      rank = Math.max(rank, nodes.get(node, CHILD_RANK));
    }
    int parent = tree.parent(node);
    if (!PrefixTree.isRoot(parent)) {
      nodes.set(parent, CHILD_RANK, Math.max(nodes.get(parent, CHILD_RANK), rank));
    }
    return rank;
  }

  /**
   * Blocks of the prefix up to this node that are free. Above a held node all are held, so the free
   * ones are the last ones, and their start is found in O(log depth); copies or pins cost O(depth).
   */
  int numIdle(int node) {
    if (keepsCopies || counts.numPending() > 0) {
      return numIdleOneByOne(node);
    }
    return counts.isHeld(block(node))
        ? 0
        : tree.blockIndex(node) - tree.blockIndex(firstIdle(node)) + 1;
  }

  private int firstIdle(int idleNode) {
    int node = idleNode;
    while (tree.blockIndex(node) > 0) {
      int far = tree.farAncestor(node);
      int parent = tree.parent(node);
      if (!counts.isHeld(block(far))) {
        node = far;
      } else if (!counts.isHeld(block(parent))) {
        node = parent;
      } else {
        break;
      }
    }
    return node;
  }

  private int numIdleOneByOne(int last) {
    int count = 0;
    for (int node = last; !PrefixTree.isRoot(node); node = tree.parent(node)) {
      count += counts.isFree(block(node)) ? 1 : 0;
    }
    return count;
  }

  /** Forgets all; only when every block is free. */
  void clear() {
    for (int block = 1; block < counts.numBlocks(); block++) {
      if (isCached(block)) {
        blocks.remove(block);
      }
    }
    tree.clear();
    free.becomeUncached();
    events.cleared();
  }
}
