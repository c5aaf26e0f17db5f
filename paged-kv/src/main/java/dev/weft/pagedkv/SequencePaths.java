package dev.weft.pagedkv;

import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;

/**
 * Where each open sequence stands in the prefix tree. Its <em>path</em> leads from the root of its
 * namespace downward: to the last block that it committed while it holds blocks, to the last one
 * that it matched while it does not. A match goes on from the end of the path as long as the key of
 * that node is unchanged, so a sequence that waits costs O(newly cached blocks), and one that was
 * preempted finds the blocks that it gave back in O(1). When the end was forgotten, the path is
 * walked again from its <em>anchor</em>, an ancestor not far above: under pressure a waiting
 * sequence loses its last blocks one by one.
 */
final class SequencePaths {
  private static final int CLOSED = -1;
  private static final int NO_MATCH = -1;
  private final PrefixTree tree;
  private final int numDroppedHitBlocks;
  private final int anchorDistance;
  // By sequence.
  private final int[] root;
  private final boolean[] readsPrefixes;
  private final int[] length;
  /** The last node and its key, only while no blocks are held. */
  private final int[] end;
  private final long[] endKey;
  private final int[] anchor;
  private final long[] anchorKey;
  /** Blocks that are to be adopted, NO_MATCH when there was no match since blocks were held. */
  private final int[] numMatched;
  /** Last node of the path while blocks are held, and its hash; NONE when it must be looked up. */
  private final int[] tip;
  private final long[] tipHash;
  private final BlocksAhead ahead;

  /** An anchor is {@code anchorDistance} blocks above the end of its path. */
  SequencePaths(
      int maxNumSequences, PrefixTree tree, int numDroppedHitBlocks, int anchorDistance) {
    this.tree = tree;
    this.numDroppedHitBlocks = numDroppedHitBlocks;
    this.anchorDistance = anchorDistance;
    root = new int[maxNumSequences];
    Arrays.fill(root, CLOSED);
    readsPrefixes = new boolean[maxNumSequences];
    length = new int[maxNumSequences];
    end = new int[maxNumSequences];
    endKey = new long[maxNumSequences];
    anchor = new int[maxNumSequences];
    anchorKey = new long[maxNumSequences];
    numMatched = new int[maxNumSequences];
    tip = new int[maxNumSequences];
    tipHash = new long[maxNumSequences];
    ahead = new BlocksAhead(tree);
  }

  int maxNumSequences() {
    return root.length;
  }

  boolean isOpen(int sequence) {
    return root[sequence] != CLOSED;
  }

  void open(int sequence, int ownRoot, boolean reads) {
    root[sequence] = ownRoot;
    readsPrefixes[sequence] = reads;
    numMatched[sequence] = NO_MATCH;
    setEnd(sequence, PrefixTree.ofRoot(ownRoot), 0);
  }

  void close(int sequence) {
    root[sequence] = CLOSED;
  }

  int root(int sequence) {
    return root[sequence];
  }

  // ---- while no blocks are held

  /** Blocks of the longest cached prefix of at most {@code maxNumBlocks}, less the dropped ones. */
  int match(int sequence, TokenSequence tokens, int maxNumBlocks) {
    if (!readsPrefixes[sequence]) {
      return 0;
    }
    if (!isValid(sequence)) {
      returnToAnchor(sequence);
    }
    int depth = Math.min(length[sequence], maxNumBlocks);
    int node = depth == 0
        ? PrefixTree.ofRoot(root[sequence])
        : tree.ancestor(end[sequence], depth - 1);
    // Twice as many ahead each time: a text that is not cached ends at its first block.
    int numAhead = 1;
    boolean isFound = true;
    while (isFound && depth < maxNumBlocks) {
      numAhead = Math.min(numAhead, maxNumBlocks - depth);
      ahead.read(tokens, depth, numAhead, tree.hash(node));
      for (int i = 0; isFound && i < numAhead; i++) {
        int child = ahead.child(node, i);
        isFound = child != PrefixTree.NONE;
        node = isFound ? child : node;
        depth += isFound ? 1 : 0;
      }
      numAhead = Math.min(2 * numAhead, BlocksAhead.MAX_NUM_BLOCKS);
    }
    if (node != end[sequence]) {
      setEnd(sequence, node, depth);
    }
    numMatched[sequence] = Math.max(0, depth - numDroppedHitBlocks);
    return numMatched[sequence];
  }

  private void returnToAnchor(int sequence) {
    int node = anchor[sequence];
    if (tree.key(node) == anchorKey[sequence]) {
      setEnd(sequence, node, PrefixTree.isRoot(node) ? 0 : tree.blockIndex(node) + 1);
    } else {
      setEnd(sequence, PrefixTree.ofRoot(root[sequence]), 0);
    }
  }

  private void setEnd(int sequence, int node, int depth) {
    int above = depth > anchorDistance
        ? tree.ancestor(node, depth - 1 - anchorDistance)
        : PrefixTree.ofRoot(root[sequence]);
    anchor[sequence] = above;
    anchorKey[sequence] = tree.key(above);
    end[sequence] = node;
    endKey[sequence] = tree.key(node);
    length[sequence] = depth;
  }

  /** False when a part of the path was forgotten since it was walked. */
  boolean isValid(int sequence) {
    return tree.key(end[sequence]) == endKey[sequence];
  }

  /** Blocks that the last match found, 0 without one. */
  int numMatched(int sequence) {
    return Math.max(0, numMatched[sequence]);
  }

  /** Node of the last block that the match found; there must be one. */
  int lastMatched(int sequence) {
    return tree.ancestor(end[sequence], numMatched[sequence] - 1);
  }

  // ---- while blocks are held

  /** Blocks of the path: those at the front of the table that are cached. */
  int length(int sequence) {
    return length[sequence];
  }

  /** Cuts the path to at most so many blocks. */
  void cut(int sequence, int numBlocks) {
    if (numBlocks < length[sequence]) {
      length[sequence] = numBlocks;
      tip[sequence] = PrefixTree.NONE;
    }
  }

  /** The path is so many blocks long now and ends at this node. */
  void extend(int sequence, int numBlocks, int lastNode) {
    length[sequence] = numBlocks;
    tip[sequence] = lastNode;
    tipHash[sequence] = tree.hash(lastNode);
  }

  /** Node where the path ends, or NONE when that is not known and {@link #extend} has to say it. */
  int tip(int sequence) {
    return tip[sequence];
  }

  /** Hash of the prefix up to a known {@link #tip}. */
  long tipHash(int sequence) {
    return tipHash[sequence];
  }

  /** The sequence holds its first blocks; the path is as many of them. */
  void hold(int sequence, int numBlocks) {
    length[sequence] = numBlocks;
    numMatched[sequence] = NO_MATCH;
    tip[sequence] = PrefixTree.NONE;
  }

  /** The sequence will hold nothing; its path ends at this node, or at the root. */
  void letGo(int sequence, int lastNode) {
    setEnd(sequence, lastNode, length[sequence]);
    numMatched[sequence] = NO_MATCH;
  }
}
