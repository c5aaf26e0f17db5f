package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** What a granted reservation may change, seen from before and after. */
final class KvGrantCheck {
  private final int blockSize;
  private final KvCacheSnapshot before;
  private final KvCacheSnapshot after;

  KvGrantCheck(int blockSize, KvCacheSnapshot before, KvCacheSnapshot after) {
    this.blockSize = blockSize;
    this.before = before;
    this.after = after;
  }

  void check(int sequence, int start, int end) {
    List<Integer> old = before.table(sequence);
    List<Integer> table = after.table(sequence);
    assertThat(table.size()).as("I6: blocks for %d tokens", end)
        .isGreaterThanOrEqualTo((end + blockSize - 1) / blockSize);
    assertThat(new HashSet<>(table)).as("blocks of one table").hasSameSizeAs(table);
    checkCopies(start, old, table);
    for (int i = start / blockSize; i < (end + blockSize - 1) / blockSize; i++) {
      assertThat(after.numHolders().get(table.get(i) - 1))
          .as("I7: holders of block %d, which is to be written", i).isEqualTo(1);
    }
    before.tables().forEach((other, blocks) -> {
      if (other != sequence) {
        assertThat(after.table(other)).as("I5: table of %d", other).isEqualTo(blocks);
      }
    });
  }

  private void checkCopies(int start, List<Integer> old, List<Integer> table) {
    Map<Integer, List<Integer>> copies = new HashMap<>();
    after.copies().forEach(copy -> copies.put(copy.get(2), copy));
    assertThat(copies).as("copies by place").hasSameSizeAs(after.copies());
    assertThat(old.isEmpty() && !copies.isEmpty()).as("copies of nothing").isFalse();
    for (int i = 0; i < old.size(); i++) {
      if (copies.containsKey(i)) {
        assertThat(i).as("I5: place of a copy").isGreaterThanOrEqualTo(start / blockSize);
        assertThat(before.numHolders().get(old.get(i) - 1)).as("I7: holders").isGreaterThan(1);
        assertThat(copies.get(i)).as("copy").containsExactly(old.get(i), table.get(i), i);
      } else {
        assertThat(table.get(i)).as("I5: block %d", i).isEqualTo(old.get(i));
      }
    }
  }
}
