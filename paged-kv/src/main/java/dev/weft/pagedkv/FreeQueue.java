package dev.weft.pagedkv;

import static dev.weft.pagedkv.BlockRecords.NEXT_FREE;
import static dev.weft.pagedkv.BlockRecords.PREVIOUS_FREE;

import dev.weft.schedulerapi.EvictionRank;

/**
 * The free blocks in the order in which they will be handed out: first those that nobody can find,
 * then the cached ones by rank, within a rank the one that became idle first.
 *
 * <p>Each of these lists is circular and doubly linked through two numbers of each block. The null
 * block is the head of the first list, an index behind the blocks the head of each other one, so
 * that a block leaves its list without knowing which it is. All operations O(1).
 */
final class FreeQueue {
  /** Lists besides that of the null block. */
  static final int NUM_HEADS = EvictionRank.NUM_RANKS;

  private final int numBlocks;
  private final int endOfHeads;
  private final IntRecords blocks;
  private int size;
  private int numUncached;

  /** Blocks 1 to {@code numBlocks - 1} are free, in ascending order. */
  FreeQueue(IntRecords blocks, int numBlocks) {
    this.blocks = blocks;
    this.numBlocks = numBlocks;
    endOfHeads = numBlocks + NUM_HEADS;
    for (int block = 0; block < numBlocks; block++) {
      link(block, block + 1 == numBlocks ? 0 : block + 1);
    }
    for (int head = numBlocks; head < endOfHeads; head++) {
      makeEmpty(head);
    }
    size = numBlocks - 1;
    numUncached = size;
  }

  int size() {
    return size;
  }

  /** The block to hand out next, 0 when none is free. */
  int first() {
    if (next(0) != 0) {
      return next(0);
    }
    for (int head = numBlocks; head < endOfHeads; head++) {
      if (next(head) != head) {
        return next(head);
      }
    }
    return 0;
  }

  /** Takes out a block that nobody can find. */
  void removeUncached(int block) {
    remove(block);
    numUncached--;
  }

  /** Takes out a cached block. */
  void removeCached(int block) {
    remove(block);
  }

  private void remove(int block) {
    link(previous(block), next(block));
    link(block, block);
    size--;
  }

  /** Adds a block that nobody can find behind another such one; behind 0 it is handed out next. */
  void addUncachedAfter(int left, int block) {
    insertAfter(left, block);
    numUncached++;
  }

  /** Adds a cached block as the one of its rank that is handed out last. */
  void addCachedLast(int rank, int block) {
    insertAfter(previous(numBlocks + rank), block);
  }

  /** Nobody can find a block any more; their order stays. */
  void becomeUncached() {
    for (int head = numBlocks; head < endOfHeads; head++) {
      if (next(head) != head) {
        link(previous(0), next(head));
        link(previous(head), 0);
        makeEmpty(head);
      }
    }
    numUncached = size;
  }

  /**
   * Copies the blocks in their order into the start of an array, until it is full.
   *
   * @return blocks that were copied
   */
  int copyOrder(int[] target) {
    int count = copyList(0, target, 0);
    for (int head = numBlocks; head < endOfHeads; head++) {
      count = copyList(head, target, count);
    }
    return count;
  }

  private int copyList(int head, int[] target, int start) {
    int count = start;
    for (int block = next(head); block != head && count < target.length; block = next(block)) {
      target[count++] = block;
    }
    return count;
  }

  /** True when the blocks beside this one point back to it. */
  boolean hasLinks(int block) {
    return next(previous(block)) == block && previous(next(block)) == block;
  }

  /** Blocks that nobody can find. */
  int numUncached() {
    return numUncached;
  }

  /** Length of the list of blocks that nobody can find; cost O(length). */
  int countUncached() {
    int count = 0;
    for (int block = next(0); block != 0 && count < numBlocks; block = next(block)) {
      count++;
    }
    return count;
  }

  private int next(int block) {
    return blocks.get(block, NEXT_FREE);
  }

  private int previous(int block) {
    return blocks.get(block, PREVIOUS_FREE);
  }

  private void insertAfter(int left, int block) {
    int right = next(left);
    link(left, block);
    link(block, right);
    size++;
  }

  private void link(int left, int right) {
    blocks.set(left, NEXT_FREE, right);
    blocks.set(right, PREVIOUS_FREE, left);
  }

  private void makeEmpty(int head) {
    link(head, head);
  }
}
