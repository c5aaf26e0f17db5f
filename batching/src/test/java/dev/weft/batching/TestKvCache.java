package dev.weft.batching;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A cache of blocks as one would write it first: maps and lists, a prefix found by all its tokens.
 * Free blocks are taken in the order in which they came back, those that nobody can find first.
 */
final class TestKvCache implements KvCache {
  private record Prefix(KvNamespace namespace, List<Integer> tokens) {}

  private static final class Books {
    private final KvNamespace namespace;
    private final boolean readsPrefixes;
    private final List<Integer> blocks = new ArrayList<>();
    private List<Integer> match = List.of();

    private Books(KvNamespace namespace, boolean readsPrefixes) {
      this.namespace = namespace;
      this.readsPrefixes = readsPrefixes;
    }
  }

  private final KvLayout layout;
  private final int blockSize;
  private final boolean findsPrefixes;
  private final int[] numHolders;
  private final int[] numPins;
  private final Set<Integer> free = new LinkedHashSet<>();
  private final Map<Integer, Books> booksOf = new HashMap<>();
  private final Map<Prefix, Integer> blockOf = new HashMap<>();
  private final Map<Integer, Prefix> prefixOf = new HashMap<>();
  private final List<int[]> copies = new ArrayList<>();
  private long numEvictions;

  private TestKvCache(int numBlocks, int blockSize, boolean findsPrefixes) {
    layout = KvLayout.fullAttention(blockSize);
    this.blockSize = blockSize;
    this.findsPrefixes = findsPrefixes;
    numHolders = new int[numBlocks + 1];
    numPins = new int[numBlocks + 1];
    for (int block = 1; block <= numBlocks; block++) {
      free.add(block);
    }
  }

  static TestKvCache withPrefixes(int numBlocks, int blockSize) {
    return new TestKvCache(numBlocks, blockSize, true);
  }

  static TestKvCache withoutPrefixes(int numBlocks, int blockSize) {
    return new TestKvCache(numBlocks, blockSize, false);
  }

  @Override public KvLayout layout() {
    return layout;
  }

  @Override public int numBlocks() {
    return numHolders.length - 1;
  }

  @Override public int numFreeBlocks() {
    return free.size();
  }

  @Override public int numUncachedFreeBlocks() {
    return (int) free.stream().filter(block -> !prefixOf.containsKey(block)).count();
  }

  @Override public int numPendingBlocks() {
    int numPending = 0;
    for (int block = 1; block < numHolders.length; block++) {
      numPending += numHolders[block] == 0 && numPins[block] > 0 ? 1 : 0;
    }
    return numPending;
  }

  // ---- life of a sequence

  @Override public void open(int sequence, KvNamespace namespace, boolean readsPrefixes) {
    if (booksOf.put(sequence, new Books(namespace, readsPrefixes)) != null) {
      throw new IllegalStateException("sequence " + sequence + " is open");
    }
  }

  @Override public int match(int sequence, TokenSequence tokens, int numTokens) {
    Books books = booksOf.get(sequence);
    if (!findsPrefixes || !books.readsPrefixes || !books.blocks.isEmpty()) {
      return 0;
    }
    books.match = new ArrayList<>();
    for (int end = blockSize; end < numTokens; end += blockSize) {
      Integer block = blockOf.get(prefix(books, tokens, end));
      if (block == null) {
        break;
      }
      books.match.add(block);
    }
    return books.match.size() * blockSize;
  }

  private static Prefix prefix(Books books, TokenSequence tokens, int numTokens) {
    List<Integer> ids = new ArrayList<>();
    for (int position = 0; position < numTokens; position++) {
      ids.add(tokens.token(position));
    }
    return new Prefix(books.namespace, ids);
  }

  private int numBlocksOf(int numTokens) {
    return (numTokens + blockSize - 1) / blockSize;
  }

  @Override public int numBlocksNeeded(int sequence, int startPosition, int numTokens) {
    Books books = booksOf.get(sequence);
    int total = numBlocksOf(numTokens);
    if (books.blocks.isEmpty()) {
      int numAdopted = startPosition / blockSize;
      int numIdle = 0;
      for (int block : books.match.subList(0, numAdopted)) {
        numIdle += numHolders[block] == 0 ? 1 : 0;
      }
      return Math.max(0, total - numAdopted) + numIdle;
    }
    int needed = Math.max(0, total - books.blocks.size());
    for (int i = startPosition / blockSize; i < Math.min(total, books.blocks.size()); i++) {
      needed += numHolders[books.blocks.get(i)] > 1 ? 1 : 0;
    }
    return needed;
  }

  @Override public boolean reserve(int sequence, int startPosition, int numTokens) {
    if (numBlocksNeeded(sequence, startPosition, numTokens) > free.size()) {
      return false;
    }
    copies.clear();
    Books books = booksOf.get(sequence);
    if (books.blocks.isEmpty()) {
      for (int block : books.match.subList(0, startPosition / blockSize)) {
        hold(books, block);
      }
    }
    int total = numBlocksOf(numTokens);
    for (int i = startPosition / blockSize; i < Math.min(total, books.blocks.size()); i++) {
      int source = books.blocks.get(i);
      if (numHolders[source] > 1) {
        int target = take();
        numHolders[target] = 1;
        numHolders[source]--;
        books.blocks.set(i, target);
        copies.add(new int[] {source, target, i});
      }
    }
    while (books.blocks.size() < total) {
      hold(books, take());
    }
    return true;
  }

  private void hold(Books books, int block) {
    books.blocks.add(block);
    numHolders[block]++;
    free.remove(block);
  }

  private int take() {
    int taken = 0;
    for (int block : free) {
      if (taken == 0 || (prefixOf.containsKey(taken) && !prefixOf.containsKey(block))) {
        taken = block;
      }
    }
    free.remove(taken);
    if (forget(taken)) {
      numEvictions++;
    }
    return taken;
  }

  private boolean forget(int block) {
    Prefix prefix = prefixOf.remove(block);
    return prefix != null && blockOf.remove(prefix) != null;
  }

  @Override public int numCopies() {
    return copies.size();
  }

  @Override public int copySource(int index) {
    return copies.get(index)[0];
  }

  @Override public int copyTarget(int index) {
    return copies.get(index)[1];
  }

  @Override public int copyTableIndex(int index) {
    return copies.get(index)[2];
  }

  @Override public void commit(int sequence, TokenSequence tokens, int numTokens) {
    Books books = booksOf.get(sequence);
    for (int i = 0; findsPrefixes && (i + 1) * blockSize <= numTokens; i++) {
      int block = books.blocks.get(i);
      Prefix prefix = prefix(books, tokens, (i + 1) * blockSize);
      if (!prefixOf.containsKey(block) && !blockOf.containsKey(prefix)) {
        prefixOf.put(block, prefix);
        blockOf.put(prefix, block);
      }
    }
  }

  @Override public boolean uncommit(int sequence, int numTokens) {
    List<Integer> blocks = booksOf.get(sequence).blocks;
    int first = numTokens / blockSize;
    for (int i = first; i < blocks.size(); i++) {
      if (prefixOf.containsKey(blocks.get(i)) && numHolders[blocks.get(i)] > 1) {
        return false;
      }
    }
    for (int i = first; i < blocks.size(); i++) {
      forget(blocks.get(i));
    }
    return true;
  }

  @Override public void fork(int parent, int child, int numTokens) {
    for (int i = 0; i < numBlocksOf(numTokens); i++) {
      hold(booksOf.get(child), booksOf.get(parent).blocks.get(i));
    }
  }

  @Override public void truncate(int sequence, int numTokens) {
    List<Integer> blocks = booksOf.get(sequence).blocks;
    while (blocks.size() > numBlocksOf(numTokens)) {
      int block = blocks.remove(blocks.size() - 1);
      if (--numHolders[block] == 0 && numPins[block] == 0) {
        free.add(block);
      }
    }
  }

  @Override public void release(int sequence) {
    truncate(sequence, 0);
  }

  @Override public void close(int sequence) {
    release(sequence);
    booksOf.remove(sequence);
  }

  // ---- blocks

  @Override public int numBlocks(int sequence) {
    return booksOf.get(sequence).blocks.size();
  }

  @Override public int block(int sequence, int index) {
    return booksOf.get(sequence).blocks.get(index);
  }

  @Override public int numHolders(int block) {
    return numHolders[block];
  }

  @Override public void pin(int block) {
    numPins[block]++;
  }

  @Override public boolean isPinned(int block) {
    return numPins[block] > 0;
  }

  @Override public void unpin(int block) {
    if (--numPins[block] == 0 && numHolders[block] == 0) {
      free.add(block);
    }
  }

  // ---- the prefix cache as a whole

  @Override public boolean clearPrefixes() {
    if (free.size() < numBlocks()) {
      return false;
    }
    prefixOf.clear();
    blockOf.clear();
    return true;
  }

  @Override public int numCachedBlocks() {
    return prefixOf.size();
  }

  @Override public long numEvictions() {
    return numEvictions;
  }

  @Override public void setEventListener(KvEventListener listener) {
    throw new UnsupportedOperationException("no test of a policy listens to the cache");
  }

  @Override public void checkIntegrity() {
    int[] counted = new int[numHolders.length];
    for (Books books : booksOf.values()) {
      for (int block : books.blocks) {
        counted[block]++;
      }
    }
    for (int block = 1; block < counted.length; block++) {
      boolean isFree = counted[block] == 0 && numPins[block] == 0;
      if (counted[block] != numHolders[block] || isFree != free.contains(block)) {
        throw new IllegalStateException("block " + block + ": " + counted[block] + " holders, "
            + numHolders[block] + " counted, free " + free.contains(block));
      }
    }
  }
}
