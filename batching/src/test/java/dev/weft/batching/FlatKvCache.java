package dev.weft.batching;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;

/**
 * Blocks on a stack and tables in arrays, without prefixes or pins: a cache that allocates nothing
 * and costs next to nothing, for tests of what the scheduler allocates and asks.
 */
final class FlatKvCache implements KvCache {
  private final KvLayout layout;
  private final int[] free;
  private int numFree;
  private final int[] numHolders;
  private final int[][] table;
  private final int[] size;
  private final int[] copies;
  private int numCopies;

  /** @param maxNumBlocks most blocks of one sequence */
  FlatKvCache(int numBlocks, int blockSize, int maxNumHandles, int maxNumBlocks) {
    layout = KvLayout.fullAttention(blockSize);
    free = new int[numBlocks];
    numHolders = new int[numBlocks + 1];
    for (int block = numBlocks; block >= 1; block--) {
      free[numFree++] = block;
    }
    table = new int[maxNumHandles][maxNumBlocks];
    size = new int[maxNumHandles];
    copies = new int[3 * maxNumBlocks];
  }

  @Override public KvLayout layout() {
    return layout;
  }

  @Override public int numBlocks() {
    return free.length;
  }

  @Override public int numFreeBlocks() {
    return numFree;
  }

  @Override public int numUncachedFreeBlocks() {
    return numFree;
  }

  @Override public int numPendingBlocks() {
    return 0;
  }

  @Override public void open(int sequence, KvNamespace namespace, boolean readsPrefixes) {}

  @Override public int match(int sequence, TokenSequence tokens, int numTokens) {
    return 0;
  }

  private int numBlocksOf(int numTokens) {
    return (numTokens + layout.blockSize() - 1) / layout.blockSize();
  }

  @Override public int numBlocksNeeded(int sequence, int startPosition, int numTokens) {
    int total = numBlocksOf(numTokens);
    int needed = Math.max(0, total - size[sequence]);
    for (int i = startPosition / layout.blockSize(); i < Math.min(total, size[sequence]); i++) {
      needed += numHolders[table[sequence][i]] > 1 ? 1 : 0;
    }
    return needed;
  }

  @Override public boolean reserve(int sequence, int startPosition, int numTokens) {
    if (numBlocksNeeded(sequence, startPosition, numTokens) > numFree) {
      return false;
    }
    numCopies = 0;
    int total = numBlocksOf(numTokens);
    for (int i = startPosition / layout.blockSize(); i < Math.min(total, size[sequence]); i++) {
      int source = table[sequence][i];
      if (numHolders[source] > 1) {
        numHolders[source]--;
        table[sequence][i] = take();
        copies[3 * numCopies] = source;
        copies[3 * numCopies + 1] = table[sequence][i];
        copies[3 * numCopies++ + 2] = i;
      }
    }
    while (size[sequence] < total) {
      table[sequence][size[sequence]++] = take();
    }
    return true;
  }

  private int take() {
    int block = free[--numFree];
    numHolders[block] = 1;
    return block;
  }

  @Override public int numCopies() {
    return numCopies;
  }

  @Override public int copySource(int index) {
    return copies[3 * index];
  }

  @Override public int copyTarget(int index) {
    return copies[3 * index + 1];
  }

  @Override public int copyTableIndex(int index) {
    return copies[3 * index + 2];
  }

  @Override public void commit(int sequence, TokenSequence tokens, int numTokens) {}

  @Override public boolean uncommit(int sequence, int numTokens) {
    return true;
  }

  @Override public void fork(int parent, int child, int numTokens) {
    for (int i = 0; i < numBlocksOf(numTokens); i++) {
      table[child][size[child]++] = table[parent][i];
      numHolders[table[parent][i]]++;
    }
  }

  @Override public void truncate(int sequence, int numTokens) {
    while (size[sequence] > numBlocksOf(numTokens)) {
      int block = table[sequence][--size[sequence]];
      if (--numHolders[block] == 0) {
        free[numFree++] = block;
      }
    }
  }

  @Override public void release(int sequence) {
    truncate(sequence, 0);
  }

  @Override public void close(int sequence) {
    release(sequence);
  }

  @Override public int numBlocks(int sequence) {
    return size[sequence];
  }

  @Override public int block(int sequence, int index) {
    return table[sequence][index];
  }

  @Override public int numHolders(int block) {
    return numHolders[block];
  }

  @Override public void pin(int block) {
    throw new UnsupportedOperationException("no transfers");
  }

  @Override public boolean isPinned(int block) {
    return false;
  }

  @Override public void unpin(int block) {
    throw new UnsupportedOperationException("no transfers");
  }

  @Override public boolean clearPrefixes() {
    return numFree == free.length;
  }

  @Override public int numCachedBlocks() {
    return 0;
  }

  @Override public long numEvictions() {
    return 0;
  }

  @Override public void setEventListener(KvEventListener listener) {}

  @Override public void checkIntegrity() {
    int numEntries = 0;
    for (int sequence = 0; sequence < size.length; sequence++) {
      numEntries += size[sequence];
    }
    int numCounted = 0;
    int numUnused = 0;
    for (int block = 1; block < numHolders.length; block++) {
      numCounted += numHolders[block];
      numUnused += numHolders[block] == 0 ? 1 : 0;
    }
    if (numEntries != numCounted || numUnused != numFree) {
      throw new IllegalStateException(numEntries + " entries in tables, " + numCounted
          + " holders; " + numUnused + " blocks without one, " + numFree + " free");
    }
  }
}
