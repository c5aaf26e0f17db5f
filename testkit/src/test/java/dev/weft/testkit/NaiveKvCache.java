package dev.weft.testkit;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Blocks without prefixes, forks, copies and transfers: enough for {@link NaiveScheduler}. */
final class NaiveKvCache implements KvCache {
  private final KvLayout layout;
  private final int numBlocks;
  private final int[] numHolders;
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private final Map<Integer, List<Integer>> tables = new HashMap<>();

  NaiveKvCache(int numBlocks, int blockSize) {
    layout = KvLayout.fullAttention(blockSize);
    this.numBlocks = numBlocks;
    numHolders = new int[numBlocks + 1];
    for (int block = 1; block <= numBlocks; block++) {
      free.add(block);
    }
  }

  /** Loses a free block, to see who notices. */
  void loseBlock() {
    free.remove();
  }

  /** Gives a sequence a block that another holds, to see who notices. */
  void giveTwice(int sequence, int block) {
    add(sequence, block);
  }

  private void add(int sequence, int block) {
    table(sequence).add(block);
    numHolders[block]++;
  }

  private List<Integer> table(int sequence) {
    return Objects.requireNonNull(tables.get(sequence));
  }

  @Override public KvLayout layout() {
    return layout;
  }

  @Override public int numBlocks() {
    return numBlocks;
  }

  @Override public int numFreeBlocks() {
    return free.size();
  }

  @Override public int numUncachedFreeBlocks() {
    return free.size();
  }

  @Override public int numPendingBlocks() {
    return 0;
  }

  @Override public void open(int sequence, KvNamespace namespace, boolean readsPrefixes) {
    tables.put(sequence, new ArrayList<>());
  }

  @Override public int match(int sequence, TokenSequence tokens, int numTokens) {
    return 0;
  }

  @Override public int numBlocksNeeded(int sequence, int startPosition, int numTokens) {
    int size = layout.blockSize();
    return Math.max(0, (numTokens + size - 1) / size - table(sequence).size());
  }

  @Override public boolean reserve(int sequence, int startPosition, int numTokens) {
    int numNeeded = numBlocksNeeded(sequence, startPosition, numTokens);
    if (numNeeded > free.size()) {
      return false;
    }
    for (int i = 0; i < numNeeded; i++) {
      add(sequence, free.remove());
    }
    return true;
  }

  @Override public int numCopies() {
    return 0;
  }

  @Override public int copySource(int index) {
    throw new IndexOutOfBoundsException(index);
  }

  @Override public int copyTarget(int index) {
    throw new IndexOutOfBoundsException(index);
  }

  @Override public int copyTableIndex(int index) {
    throw new IndexOutOfBoundsException(index);
  }

  @Override public void commit(int sequence, TokenSequence tokens, int numTokens) {}

  @Override public boolean uncommit(int sequence, int numTokens) {
    return true;
  }

  @Override public void fork(int parent, int child, int numTokens) {
    throw new UnsupportedOperationException();
  }

  @Override public void truncate(int sequence, int numTokens) {
    throw new UnsupportedOperationException();
  }

  @Override public void release(int sequence) {
    free.addAll(table(sequence));
    table(sequence).forEach(block -> numHolders[block]--);
    table(sequence).clear();
  }

  @Override public void close(int sequence) {
    release(sequence);
    tables.remove(sequence);
  }

  @Override public int numBlocks(int sequence) {
    return table(sequence).size();
  }

  @Override public int block(int sequence, int index) {
    return table(sequence).get(index);
  }

  @Override public int numHolders(int block) {
    return numHolders[block];
  }

  @Override public void pin(int block) {
    throw new UnsupportedOperationException();
  }

  @Override public boolean isPinned(int block) {
    return false;
  }

  @Override public void unpin(int block) {
    throw new UnsupportedOperationException();
  }

  @Override public boolean clearPrefixes() {
    return free.size() == numBlocks;
  }

  @Override public int numCachedBlocks() {
    return 0;
  }

  @Override public long numEvictions() {
    return 0;
  }

  @Override public void setEventListener(KvEventListener listener) {}

  @Override public void checkIntegrity() {
    for (int block = 1; block <= numBlocks; block++) {
      if (numHolders[block] > 1) {
        throw new IllegalStateException("I7: block " + block + " has " + numHolders[block]
            + " holders");
      }
    }
  }
}
