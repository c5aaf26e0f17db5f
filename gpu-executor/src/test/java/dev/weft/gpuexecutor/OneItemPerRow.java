package dev.weft.gpuexecutor;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;

/** Attention that is not divided: an item per row, which says what the packer told of the row. */
final class OneItemPerRow implements AttentionItems {
  private final int maxNumRows;
  private final List<int[]> rows = new ArrayList<>();

  OneItemPerRow(int maxNumRows) {
    this.maxNumRows = maxNumRows;
  }

  @Override
  public long maxInts() {
    return (long) maxNumRows * StepBlock.ITEM_INTS;
  }

  @Override
  public void begin() {
    rows.clear();
  }

  @Override
  public void addRow(int slot, int firstToken, int numTokens, int startPosition, int treeFirst) {
    int numKeys = startPosition + numTokens;
    rows.add(
        new int[] {slot, firstToken, numTokens, 0, numKeys, 0, 1, -1, treeFirst, numKeys, 0, 0});
  }

  @Override
  public void finish() {}

  @Override
  public int numDecodeItems() {
    return rows.size();
  }

  @Override
  public int numPrefillItems() {
    return 0;
  }

  @Override
  public int numMerges() {
    return 0;
  }

  @Override
  public void writeTo(IntBuffer target, int start) {
    int at = start;
    for (int[] row : rows) {
      for (int value : row) {
        target.put(at++, value);
      }
    }
  }
}
