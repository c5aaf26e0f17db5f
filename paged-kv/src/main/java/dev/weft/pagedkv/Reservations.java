package dev.weft.pagedkv;

/**
 * Grants blocks for positions: counts first what is needed, by the same rules in the same order,
 * and then takes exactly that.
 */
final class Reservations {
  private final BlockPool pool;
  private final BlockCounts counts;
  private final PrefixCache cache;
  private final PrefixTree tree;
  private final BlockTables tables;
  private final SequencePaths paths;
  private final WritableRanges writable;
  private final int blockSize;
  // Of the last granted one.
  private final int[] copySource;
  private final int[] copyTarget;
  private final int[] copyTableIndex;
  private int numCopies;

  Reservations(BlockPool pool, BlockCounts counts, PrefixCache cache, PrefixTree tree,
      BlockTables tables, SequencePaths paths, WritableRanges writable, int blockSize) {
    this.pool = pool;
    this.counts = counts;
    this.cache = cache;
    this.tree = tree;
    this.tables = tables;
    this.paths = paths;
    this.writable = writable;
    this.blockSize = blockSize;
    copySource = new int[tables.rowLength()];
    copyTarget = new int[tables.rowLength()];
    copyTableIndex = new int[tables.rowLength()];
  }

  /** Free blocks that {@link #reserve} would take. */
  int numBlocksNeeded(int sequence, int startPosition, int numTokens) {
    int size = tables.size(sequence);
    int present = size == 0 ? paths.numMatched(sequence) : size;
    int numMissing = Math.max(0, tables.numBlocksFor(numTokens) - present);
    return numMissing + (size == 0
        ? numIdleMatched(sequence)
        : numSharedFrom(sequence, startPosition / blockSize));
  }

  private int numIdleMatched(int sequence) {
    return paths.numMatched(sequence) == 0 ? 0 : cache.numIdle(paths.lastMatched(sequence));
  }

  private int numSharedFrom(int sequence, int index) {
    int count = 0;
    for (int i = index; i < tables.size(sequence); i++) {
      count += isShared(tables.block(sequence, i)) ? 1 : 0;
    }
    return count;
  }

  private boolean isShared(int block) {
    return counts.numHolders(block) > 1;
  }

  /** Takes the blocks, or returns false and changes nothing. */
  boolean reserve(int sequence, int startPosition, int numTokens) {
    if (writable.contains(sequence, startPosition, numTokens)) {
      numCopies = 0;
      return true;
    }
    int numNeeded = numBlocksNeeded(sequence, startPosition, numTokens);
    int numFree = pool.numFree();
    if (numNeeded > numFree) {
      return false;
    }
    numCopies = 0;
    if (tables.size(sequence) == 0) {
      adoptMatch(sequence);
    } else {
      makeWritable(sequence, startPosition / blockSize);
    }
    int wanted = tables.numBlocksFor(numTokens);
    while (tables.size(sequence) < wanted) {
      tables.append(sequence, pool.take());
    }
    if (numFree - pool.numFree() != numNeeded) {
      throw new IllegalStateException("I8: sequence " + sequence + ": " + numNeeded
          + " blocks foreseen, " + (numFree - pool.numFree()) + " taken");
    }
    if (wanted > 0) {
      writable.set(sequence, startPosition / blockSize * blockSize, tables.numPositions(sequence));
    }
    return true;
  }

  private void adoptMatch(int sequence) {
    int numMatched = paths.numMatched(sequence);
    tables.extend(sequence, numMatched);
    int node = numMatched == 0 ? PrefixTree.NONE : paths.lastMatched(sequence);
    for (int i = numMatched - 1; i >= 0; i--) {
      tables.replace(sequence, i, pool.adopt(node));
      node = tree.parent(node);
    }
    paths.hold(sequence, numMatched);
  }

  /**
   * Nothing from an index on will be shared or found: shared blocks are replaced by copies, its own
   * ones lose their content.
   */
  private void makeWritable(int sequence, int index) {
    for (int i = index; i < tables.size(sequence); i++) {
      int block = tables.block(sequence, i);
      if (isShared(block)) {
        replaceByCopy(sequence, i, block);
      } else if (cache.isCached(block)) {
        cache.forget(block);
      }
    }
    paths.cut(sequence, index);
  }

  private void replaceByCopy(int sequence, int index, int block) {
    int target = pool.take();
    tables.replace(sequence, index, target);
    pool.giveBack(block, 0);
    copySource[numCopies] = block;
    copyTarget[numCopies] = target;
    copyTableIndex[numCopies] = index;
    numCopies++;
  }

  int numCopies() {
    return numCopies;
  }

  int copySource(int index) {
    return copySource[checked(index)];
  }

  int copyTarget(int index) {
    return copyTarget[checked(index)];
  }

  int copyTableIndex(int index) {
    return copyTableIndex[checked(index)];
  }

  private int checked(int index) {
    if (index < 0 || index >= numCopies) {
      throw new IllegalArgumentException("copy " + index + " of " + numCopies);
    }
    return index;
  }
}
