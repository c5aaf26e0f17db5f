package dev.weft.pagedkv;

/**
 * The numbers of the blocks, 32 bytes for each. Each part has the fields of one class.
 *
 * <pre>
 *   holders pins | node copies | free neighbours
 *   BlockCounts    NodeBlocks    FreeQueue
 * </pre>
 */
final class BlockRecords {
  static final int NUM_HOLDERS = 0;
  static final int NUM_PINS = 1;
  static final int NODE = 2;
  static final int NEXT_COPY = 3;
  static final int PREVIOUS_COPY = 4;
  static final int NEXT_FREE = 5;
  static final int PREVIOUS_FREE = 6;
  private static final int SIZE = 8;

  private BlockRecords() {}

  /** Records of so many blocks and, behind them, of the heads of lists. */
  static IntRecords create(int numBlocks, int numHeads) {
    return new IntRecords(numBlocks + numHeads, SIZE);
  }
}
