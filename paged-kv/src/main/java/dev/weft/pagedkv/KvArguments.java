package dev.weft.pagedkv;

/** Refuses what only a wrong program asks for, before anything is changed. */
final class KvArguments {
  private final BlockPool pool;
  private final BlockTables tables;
  private final SequencePaths paths;
  private final int blockSize;

  KvArguments(BlockPool pool, BlockTables tables, SequencePaths paths, int blockSize) {
    this.pool = pool;
    this.tables = tables;
    this.paths = paths;
    this.blockSize = blockSize;
  }

  void requireClosed(int sequence) {
    if (sequence < 0 || sequence >= paths.maxNumSequences()) {
      throw new IllegalArgumentException(
          "sequence " + sequence + ", must be 0 to " + (paths.maxNumSequences() - 1));
    }
    if (paths.isOpen(sequence)) {
      throw new IllegalStateException("sequence " + sequence + " is open already");
    }
  }

  void requireOpen(int sequence) {
    if (sequence < 0 || sequence >= paths.maxNumSequences() || !paths.isOpen(sequence)) {
      throw new IllegalArgumentException("sequence " + sequence + " is not open");
    }
  }

  /** A start that follows a valid match or lies in what is held, and room in the table. */
  void requireReservable(int sequence, int startPosition, int numTokens) {
    requireOpen(sequence);
    requireRange(sequence, "tokens to reserve", numTokens, 0, tables.rowLength() * blockSize);
    if (tables.size(sequence) > 0) {
      requireRange(sequence, "as start position", startPosition, 0,
          Math.min(numTokens, tables.numPositions(sequence)));
      return;
    }
    int numMatched = paths.numMatched(sequence) * blockSize;
    if (startPosition != numMatched || numTokens < numMatched) {
      throw new IllegalArgumentException("sequence " + sequence + ": " + startPosition + " to "
          + numTokens + " is no reservation behind " + numMatched + " matched tokens");
    }
    if (numMatched > 0 && !paths.isValid(sequence)) {
      throw new IllegalStateException(
          "sequence " + sequence + ": what it matched was forgotten since, match again");
    }
  }

  /** One more sequence can hold blocks, if this one does not hold any yet and wants some. */
  void requireRow(int sequence, int numTokens) {
    if (numTokens > 0 && !tables.hasRoom(sequence)) {
      throw new IllegalStateException("sequence " + sequence + " cannot hold blocks: "
          + tables.maxNumHolders() + " sequences do, which is the limit");
    }
  }

  /** A block that is not the null block. */
  int block(int block) {
    if (block < 1 || block > pool.numBlocks()) {
      throw new IllegalArgumentException("block " + block + ", must be 1 to " + pool.numBlocks());
    }
    return block;
  }

  void requireRange(int sequence, String what, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException("sequence " + sequence + ": " + value + " " + what
          + ", must be " + min + " to " + max);
    }
  }
}
