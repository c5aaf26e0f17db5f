package dev.weft.pagedkv;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FreeQueueTest {
  private final FreeQueue queue = new FreeQueue(BlockRecords.create(6, FreeQueue.NUM_HEADS), 6);

  @Test
  void uncachedBlocksGoBeforeCachedOnesAndSmallRanksBeforeLargeOnes() {
    for (int block = 1; block <= 5; block++) {
      queue.removeUncached(block);
    }
    queue.addCachedLast(3, 1);
    queue.addCachedLast(0, 2);
    queue.addCachedLast(3, 3);
    queue.addUncachedAfter(0, 4);
    queue.addUncachedAfter(4, 5);

    assertThat(order()).containsExactly(4, 5, 2, 1, 3);
    assertThat(queue.numUncached()).isEqualTo(2);
  }

  @Test
  void aBlockLeavesItsListFromTheMiddle() {
    queue.removeUncached(3);
    assertThat(order()).containsExactly(1, 2, 4, 5);
    assertThat(queue.size()).isEqualTo(4);
  }

  @Test
  void blocksThatStopToBeCachedKeepTheirOrder() {
    for (int block = 1; block <= 3; block++) {
      queue.removeUncached(block);
    }
    queue.addCachedLast(7, 1);
    queue.addCachedLast(2, 3);
    queue.addCachedLast(2, 2);
    queue.becomeUncached();

    assertThat(order()).containsExactly(4, 5, 3, 2, 1);
    assertThat(queue.numUncached()).isEqualTo(5);
    assertThat(queue.hasLinks(3)).isTrue();
  }

  @Test
  void anEmptyQueueHandsOutTheNullBlock() {
    while (queue.size() > 0) {
      queue.removeUncached(queue.first());
    }
    assertThat(queue.first()).isZero();
  }

  private int[] order() {
    int[] order = new int[queue.size()];
    queue.copyOrder(order);
    return order;
  }
}
