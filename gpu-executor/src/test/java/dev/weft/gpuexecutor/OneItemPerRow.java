package dev.weft.gpuexecutor;

import java.nio.IntBuffer;

/** Attention that is not divided: an item per row, which says what the packer told of the row. */
final class OneItemPerRow implements AttentionItems {
  private final IntBuffer items;
  private int numRows;

  OneItemPerRow(int maxNumRows) {
    items = IntBuffer.allocate(maxNumRows * StepBlock.ITEM_INTS);
  }

  @Override
  public long maxInts() {
    return items.capacity();
  }

  @Override
  public void begin() {
    numRows = 0;
  }

  @Override
  public void addRow(int slot, int firstToken, int numTokens, int startPosition, int treeFirst) {
    int at = numRows++ * StepBlock.ITEM_INTS;
    items.put(at + StepBlock.ITEM_SLOT, slot);
    items.put(at + StepBlock.ITEM_FIRST_TOKEN, firstToken);
    items.put(at + StepBlock.ITEM_NUM_TOKENS, numTokens);
    items.put(at + StepBlock.ITEM_KEY_END, startPosition + numTokens);
    items.put(at + StepBlock.ITEM_NUM_SPLITS, 1);
    items.put(at + StepBlock.ITEM_PART, -1);
    items.put(at + StepBlock.ITEM_TREE_FIRST, treeFirst);
    items.put(at + StepBlock.ITEM_NUM_KEYS, startPosition + numTokens);
  }

  @Override
  public void finish() {}

  @Override
  public int numDecodeItems() {
    return numRows;
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
    target.put(start, items, 0, numRows * StepBlock.ITEM_INTS);
  }
}
