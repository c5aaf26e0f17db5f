package dev.weft.pagedkv;

import static dev.weft.pagedkv.BlockRecords.NUM_HOLDERS;
import static dev.weft.pagedkv.BlockRecords.NUM_PINS;

/**
 * How many sequences hold each block and how often it is pinned. A block with holders is held, one
 * with pins alone is pending, one with neither is free.
 */
final class BlockCounts {
  private final int numBlocks;
  private final IntRecords blocks;
  private int numPending;

  /** For blocks 0 to {@code numBlocks - 1}. */
  BlockCounts(IntRecords blocks, int numBlocks) {
    this.blocks = blocks;
    this.numBlocks = numBlocks;
  }

  /** Blocks with the null block. */
  int numBlocks() {
    return numBlocks;
  }

  int numPending() {
    return numPending;
  }

  int numHolders(int block) {
    return blocks.get(block, NUM_HOLDERS);
  }

  int numPins(int block) {
    return blocks.get(block, NUM_PINS);
  }

  boolean isHeld(int block) {
    return numHolders(block) > 0;
  }

  boolean isFree(int block) {
    return numHolders(block) == 0 && numPins(block) == 0;
  }

  void addHolder(int block) {
    if (blocks.add(block, NUM_HOLDERS, 1) == 1 && numPins(block) > 0) {
      numPending--;
    }
  }

  void removeHolder(int block) {
    if (blocks.add(block, NUM_HOLDERS, -1) == 0 && numPins(block) > 0) {
      numPending++;
    }
  }

  void addPin(int block) {
    blocks.add(block, NUM_PINS, 1);
  }

  void removePin(int block) {
    if (blocks.add(block, NUM_PINS, -1) == 0 && numHolders(block) == 0) {
      numPending--;
    }
  }
}
