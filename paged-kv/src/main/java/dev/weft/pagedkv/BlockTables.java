package dev.weft.pagedkv;

import java.util.Arrays;

/**
 * Which blocks each sequence holds, in the order of its positions. A sequence has a row of one flat
 * array while it holds blocks, so that one that waits costs an int.
 */
final class BlockTables {
  private static final int NO_ROW = -1;
  private final int rowLength;
  private final int blockSize;
  private final int[] blocks;
  private final int[] row;
  private final int[] size;
  private final int[] vacantRows;
  private int numVacantRows;

  BlockTables(int maxNumSequences, int maxNumHolders, int rowLength, int blockSize) {
    this.rowLength = rowLength;
    this.blockSize = blockSize;
    blocks = new int[maxNumHolders * rowLength];
    row = new int[maxNumSequences];
    Arrays.fill(row, NO_ROW);
    size = new int[maxNumHolders];
    vacantRows = new int[maxNumHolders];
    for (int i = 0; i < maxNumHolders; i++) {
      vacantRows[numVacantRows++] = maxNumHolders - 1 - i;
    }
  }

  int size(int sequence) {
    return row[sequence] == NO_ROW ? 0 : size[row[sequence]];
  }

  int block(int sequence, int index) {
    return blocks[row[sequence] * rowLength + index];
  }

  /** Most blocks of one sequence. */
  int rowLength() {
    return rowLength;
  }

  /** Positions that the sequence's blocks have room for. */
  int numPositions(int sequence) {
    return size(sequence) * blockSize;
  }

  /** Blocks that so many tokens need. */
  int numBlocksFor(int numTokens) {
    return numTokens / blockSize + (numTokens % blockSize == 0 ? 0 : 1);
  }

  int maxNumHolders() {
    return size.length;
  }

  /** True when the sequence has a row or can get one. */
  boolean hasRoom(int sequence) {
    return row[sequence] != NO_ROW || numVacantRows > 0;
  }

  void append(int sequence, int block) {
    if (row[sequence] == NO_ROW) {
      row[sequence] = vacantRows[--numVacantRows];
    }
    int ownRow = row[sequence];
    blocks[ownRow * rowLength + size[ownRow]++] = block;
  }

  /** Appends places that are to be filled by {@link #replace}. */
  void extend(int sequence, int numPlaces) {
    for (int i = 0; i < numPlaces; i++) {
      append(sequence, 0);
    }
  }

  void replace(int sequence, int index, int block) {
    blocks[row[sequence] * rowLength + index] = block;
  }

  void removeLast(int sequence) {
    int ownRow = row[sequence];
    if (--size[ownRow] == 0) {
      row[sequence] = NO_ROW;
      vacantRows[numVacantRows++] = ownRow;
    }
  }

  int numVacantRows() {
    return numVacantRows;
  }
}
