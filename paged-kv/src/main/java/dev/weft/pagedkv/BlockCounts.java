package dev.weft.pagedkv;

/**
 * How many sequences hold each block and how often it is pinned. A block with holders is held, one
 * with pins alone is pending, one with neither is free.
 */
final class BlockCounts {
  private final int[] numHolders;
  private final int[] numPins;
  private int numPending;

  /** For blocks 0 to {@code numBlocks - 1}. */
  BlockCounts(int numBlocks) {
    numHolders = new int[numBlocks];
    numPins = new int[numBlocks];
  }

  /** Blocks with the null block. */
  int numBlocks() {
    return numHolders.length;
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

  boolean isHeld(int block) {
    return numHolders[block] > 0;
  }

  boolean isFree(int block) {
    return numHolders[block] == 0 && numPins[block] == 0;
  }

  void addHolder(int block) {
    if (numHolders[block]++ == 0 && numPins[block] > 0) {
      numPending--;
    }
  }

  void removeHolder(int block) {
    if (--numHolders[block] == 0 && numPins[block] > 0) {
      numPending++;
    }
  }

  void addPin(int block) {
    numPins[block]++;
  }

  void removePin(int block) {
    if (--numPins[block] == 0 && numHolders[block] == 0) {
      numPending--;
    }
  }
}
