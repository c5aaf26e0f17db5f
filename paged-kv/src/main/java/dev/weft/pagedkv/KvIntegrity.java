package dev.weft.pagedkv;

import java.util.Arrays;

/**
 * Recounts the books of a {@link PagedKvCache}; cost O(blocks + tables). What is wrong is named by
 * the number of the invariant.
 */
final class KvIntegrity {
  private final BlockCounts counts;
  private final FreeQueue free;
  private final PrefixCache cache;
  private final BlockTables tables;
  private final SequencePaths paths;
  private final WritableRanges writable;
  private final TreeIntegrity treeIntegrity;
  private final Namespaces namespaces;
  private final PrefixTree tree;
  // By block, filled by each check.
  private final int[] numFound;
  private final int[] tableIndex;
  private final boolean[] isQueued;
  private final int[] freeOrder;

  KvIntegrity(BlockCounts counts, FreeQueue free, PrefixCache cache, PrefixTree tree,
      Namespaces namespaces, BlockTables tables, SequencePaths paths, WritableRanges writable) {
    this.counts = counts;
    this.free = free;
    this.cache = cache;
    this.tree = tree;
    this.namespaces = namespaces;
    this.tables = tables;
    this.paths = paths;
    this.writable = writable;
    treeIntegrity = new TreeIntegrity(counts, cache, tree, namespaces);
    numFound = new int[counts.numBlocks()];
    tableIndex = new int[counts.numBlocks()];
    isQueued = new boolean[counts.numBlocks()];
    freeOrder = new int[counts.numBlocks()];
  }

  void check() {
    checkNullBlock();
    countTables();
    checkSum();
    checkHolders();
    checkQueue();
    treeIntegrity.check();
    checkPaths();
    checkNamespaces();
  }

  private void checkNullBlock() {
    if (!counts.isFree(0) || cache.isCached(0)) {
      throw wrong("I4", "the null block is held, pinned or cached");
    }
  }

  private void countTables() {
    Arrays.fill(numFound, 0);
    int numRows = 0;
    for (int sequence = 0; sequence < paths.maxNumSequences(); sequence++) {
      int size = tables.size(sequence);
      numRows += size > 0 ? 1 : 0;
      if (size > 0 && !paths.isOpen(sequence)) {
        throw wrong("I12", "sequence " + sequence + " is closed and holds " + size + " blocks");
      }
      if (size > tables.rowLength()) {
        throw wrong("I6", "sequence " + sequence + " holds " + size + " blocks in a table of "
            + tables.rowLength());
      }
      for (int i = 0; i < size; i++) {
        countBlock(sequence, i);
      }
    }
    if (numRows + tables.numVacantRows() != tables.maxNumHolders()) {
      throw wrong("I13", numRows + " rows used and " + tables.numVacantRows() + " vacant of "
          + tables.maxNumHolders());
    }
  }

  private void countBlock(int sequence, int index) {
    int block = tables.block(sequence, index);
    if (block == 0) {
      throw wrong("I4", "sequence " + sequence + " holds the null block");
    }
    if (numFound[block]++ > 0 && tableIndex[block] != index) {
      throw wrong("I7", "block " + block + " is shared as number " + tableIndex[block] + " and "
          + index);
    }
    tableIndex[block] = index;
  }

  private void checkSum() {
    int numHeld = 0;
    for (int block = 1; block < numFound.length; block++) {
      numHeld += numFound[block] > 0 ? 1 : 0;
    }
    if (free.size() + counts.numPending() + numHeld != counts.numBlocks() - 1) {
      throw wrong("I1", free.size() + " free, " + counts.numPending() + " pending and " + numHeld
          + " held of " + (counts.numBlocks() - 1));
    }
  }

  private void checkHolders() {
    int numPending = 0;
    for (int block = 1; block < numFound.length; block++) {
      if (numFound[block] != counts.numHolders(block)) {
        throw wrong("I2", "block " + block + " has " + counts.numHolders(block)
            + " holders, but is in " + numFound[block] + " tables");
      }
      numPending += !counts.isHeld(block) && !counts.isFree(block) ? 1 : 0;
    }
    if (numPending != counts.numPending()) {
      throw wrong("I2", counts.numPending() + " blocks pending, found " + numPending);
    }
  }

  private void checkQueue() {
    Arrays.fill(isQueued, false);
    int numQueued = free.copyOrder(freeOrder);
    if (numQueued != free.size()) {
      throw wrong("I3", free.size() + " free blocks, but " + numQueued + " in the queue");
    }
    int numUncached = free.countUncached();
    if (numUncached != free.numUncached()) {
      throw wrong("I3", free.numUncached() + " uncached free blocks, but " + numUncached
          + " in their list");
    }
    for (int i = 0; i < numQueued; i++) {
      int block = freeOrder[i];
      if (isQueued[block] || !counts.isFree(block) || !free.hasLinks(block)) {
        throw wrong("I3", "block " + block + " is queued twice, not free or badly linked");
      }
      isQueued[block] = true;
      if (cache.isCached(block) != (i >= numUncached)) {
        throw wrong("I18", "block " + block + " is free in the wrong list");
      }
    }
    for (int block = 1; block < isQueued.length; block++) {
      if (counts.isFree(block) && !isQueued[block]) {
        throw wrong("I3", "block " + block + " is free, but not in the queue");
      }
    }
  }

  private void checkPaths() {
    for (int sequence = 0; sequence < paths.maxNumSequences(); sequence++) {
      int size = tables.size(sequence);
      if (size > 0 && paths.length(sequence) > size) {
        throw wrong("I6", "sequence " + sequence + " has committed " + paths.length(sequence)
            + " blocks of " + size);
      }
      for (int i = 0; i < size; i++) {
        checkPlace(sequence, i);
      }
      checkWritable(sequence);
    }
  }

  /** What may be written without a look is held by the sequence alone and cannot be found. */
  private void checkWritable(int sequence) {
    if (writable.end(sequence) > tables.numPositions(sequence)) {
      throw wrong("I7", "sequence " + sequence + " may write up to position "
          + writable.end(sequence) + ", it holds " + tables.numPositions(sequence));
    }
    for (int at = writable.start(sequence); at < writable.end(sequence); at += tree.blockSize()) {
      int block = tables.block(sequence, at / tree.blockSize());
      if (counts.numHolders(block) > 1 || cache.isCached(block)) {
        throw wrong("I7", "sequence " + sequence + " may write block " + block
            + ", which is shared or can be found");
      }
    }
  }

  /** A cached block continues the node of the block before it; all of the path is cached. */
  private void checkPlace(int sequence, int index) {
    int node = cache.node(tables.block(sequence, index));
    if (node == PrefixTree.NONE) {
      if (index < paths.length(sequence)) {
        throw wrong("I24", "block " + index + " of sequence " + sequence
            + " is committed, but not cached");
      }
      return;
    }
    if (index == 0 && tree.parent(node) != PrefixTree.ofRoot(paths.root(sequence))) {
      throw wrong("I21", "sequence " + sequence + " holds a block of another namespace");
    }
    if (index > 0 && tree.parent(node) != cache.node(tables.block(sequence, index - 1))) {
      throw wrong("I17", "sequence " + sequence + " holds block " + index
          + " of a prefix, but not the block before it");
    }
  }

  private void checkNamespaces() {
    int[] numUsers = treeIntegrity.numFirstBlocks();
    for (int sequence = 0; sequence < paths.maxNumSequences(); sequence++) {
      if (paths.isOpen(sequence)) {
        numUsers[paths.root(sequence)]++;
      }
    }
    for (int root = 0; root < namespaces.numRoots(); root++) {
      if (numUsers[root] != namespaces.numUsers(root)) {
        throw wrong("I13", "a namespace has " + namespaces.numUsers(root) + " users, found "
            + numUsers[root]);
      }
    }
  }

  static IllegalStateException wrong(String invariant, String what) {
    return new IllegalStateException(invariant + ": " + what);
  }
}
