package dev.weft.pagedkv;

import static dev.weft.pagedkv.BlockRecords.NEXT_COPY;
import static dev.weft.pagedkv.BlockRecords.NODE;
import static dev.weft.pagedkv.BlockRecords.PREVIOUS_COPY;
import static dev.weft.pagedkv.NodeRecords.FIRST_BLOCK;
import static dev.weft.pagedkv.NodeRecords.LAST_BLOCK;

/**
 * Which blocks hold the content of a node of the {@link PrefixTree}: one, or several when sequences
 * computed the same tokens side by side. The first that entered is the one that is found.
 */
final class NodeBlocks {
  private static final int NONE = 0;
  private final IntRecords blocks;
  private final IntRecords nodes;

  NodeBlocks(IntRecords blocks, IntRecords nodes) {
    this.blocks = blocks;
    this.nodes = nodes;
  }

  /** Node of the block's content, {@link PrefixTree#NONE} when it is not cached. */
  int node(int block) {
    return blocks.get(block, NODE);
  }

  /** The block that serves the node. */
  int first(int ofNode) {
    return nodes.get(ofNode, FIRST_BLOCK);
  }

  /** The block of the same node that entered after this one, 0 when there is none. */
  int next(int block) {
    return blocks.get(block, NEXT_COPY);
  }

  boolean isOnly(int block) {
    return blocks.get(block, NEXT_COPY) == NONE && blocks.get(block, PREVIOUS_COPY) == NONE;
  }

  void add(int block, int toNode) {
    int before = nodes.get(toNode, LAST_BLOCK);
    blocks.set(block, NODE, toNode);
    blocks.set(block, PREVIOUS_COPY, before);
    nodes.set(toNode, LAST_BLOCK, block);
    if (before == NONE) {
      nodes.set(toNode, FIRST_BLOCK, block);
    } else {
      blocks.set(before, NEXT_COPY, block);
    }
  }

  void remove(int block) {
    int ofNode = blocks.get(block, NODE);
    int before = blocks.get(block, PREVIOUS_COPY);
    int after = blocks.get(block, NEXT_COPY);
    if (before == NONE) {
      nodes.set(ofNode, FIRST_BLOCK, after);
    } else {
      blocks.set(before, NEXT_COPY, after);
    }
    if (after == NONE) {
      nodes.set(ofNode, LAST_BLOCK, before);
    } else {
      blocks.set(after, PREVIOUS_COPY, before);
    }
    blocks.set(block, NODE, PrefixTree.NONE);
    blocks.set(block, NEXT_COPY, NONE);
    blocks.set(block, PREVIOUS_COPY, NONE);
  }
}
