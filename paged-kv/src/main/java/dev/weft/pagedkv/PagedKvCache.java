package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;

/**
 * A fixed pool of equal blocks with an index of full ones (Kwon et al., Efficient Memory Management for
 * Large Language Model Serving with PagedAttention, SOSP 2023).
 *
 * <p>The index is a verified tree ({@link PrefixTree}); blocks, copies and eviction are {@link BlockPool}.
 * Here are the sequences: each has a <em>path</em>, the node it has committed to while it holds blocks,
 * the node it has matched while it waits. A match goes on from there as long as the node's key is
 * unchanged, so waiting costs O(newly cached blocks).
 */
public final class PagedKvCache implements KvCache {
  private static final int CLOSED = -1;
  private static final int NO_MATCH = -1;

  private final KvLayout layout;
  private final int blockSize;
  private final boolean cachesPrefixes;
  private final int numDroppedHitBlocks;
  private final Namespaces namespaces;
  private final PrefixTree tree;
  private final KvEvents events;
  private final BlockPool pool;
  private final BlockTables tables;
  // By sequence.
  private final int[] root;
  private final boolean[] readsPrefixes;
  /** Length of the path in blocks; while blocks are held they are the cached ones at the front. */
  private final int[] pathLength;
  /** Last node of the path and its key, while no blocks are held. */
  private final int[] pathEnd;
  private final long[] pathKey;
  /** Blocks to be adopted, {@link #NO_MATCH} before a match. */
  private final int[] numMatched;
  // Of the last granted reserve.
  private final int[] copySource;
  private final int[] copyTarget;
  private final int[] copyTableIndex;
  private int numCopies;
  private final int[] blockTokens;

  PagedKvCache(PagedKvCacheBuilder options) {
    layout = options.layout;
    blockSize = layout.blockSize();
    cachesPrefixes = options.cachesPrefixes;
    numDroppedHitBlocks = options.numDroppedHitBlocks;
    namespaces = new Namespaces(options.hashSeed);
    tree = new PrefixTree(options.numBlocks - 1, blockSize, options.hashMask, namespaces);
    events = new KvEvents(tree, blockSize);
    pool = new BlockPool(options.numBlocks, tree, events, options.evictionRank, options.keepsCopies);
    tables = new BlockTables(options.maxNumSequences, options.maxNumHolders,
        options.maxNumBlocksPerSequence);
    root = new int[options.maxNumSequences];
    Arrays.fill(root, CLOSED);
    readsPrefixes = new boolean[root.length];
    pathLength = new int[root.length];
    pathEnd = new int[root.length];
    pathKey = new long[root.length];
    numMatched = new int[root.length];
    copySource = new int[options.maxNumBlocksPerSequence];
    copyTarget = new int[copySource.length];
    copyTableIndex = new int[copySource.length];
    blockTokens = new int[blockSize];
  }

  /** Begins to describe a cache. */
  public static PagedKvCacheBuilder builder() {
    return new PagedKvCacheBuilder();
  }

  @Override public KvLayout layout() {
    return layout;
  }

  @Override public int numBlocks() {
    return pool.numBlocks();
  }

  @Override public int numFreeBlocks() {
    return pool.numFree();
  }

  @Override public int numPendingBlocks() {
    return pool.numPending();
  }

  @Override public void open(int sequence, KvNamespace namespace, boolean readsPrefixes) {
    if (sequence < 0 || sequence >= root.length) {
      throw new IllegalArgumentException("sequence " + sequence + " of " + root.length);
    }
    if (root[sequence] != CLOSED) {
      throw new IllegalStateException("sequence " + sequence + " is open already");
    }
    root[sequence] = namespaces.open(namespace);
    this.readsPrefixes[sequence] = readsPrefixes && cachesPrefixes;
    pathLength[sequence] = 0;
    numMatched[sequence] = NO_MATCH;
  }

  @Override public int match(int sequence, TokenSequence tokens, int numTokens) {
    requireOpen(sequence);
    requireRange(sequence, "tokens matched", numTokens, 0, tokens.numTokens());
    if (tables.size(sequence) > 0 || !readsPrefixes[sequence]) {
      return 0;
    }
    extendPath(sequence, tokens, Math.max(0, (numTokens - 1) / blockSize));
    numMatched[sequence] = Math.max(0, pathLength[sequence] - numDroppedHitBlocks);
    return numMatched[sequence] * blockSize;
  }

  private void extendPath(int sequence, TokenSequence tokens, int maxLength) {
    int length = hasPath(sequence) ? pathLength[sequence] : 0;
    int node = length == 0 ? PrefixTree.ofRoot(root[sequence]) : pathEnd[sequence];
    for (; length > maxLength; length--) {
      node = tree.parent(node);
    }
    for (; length < maxLength; length++) {
      tokens.copyTokens(length * blockSize, blockTokens, 0, blockSize);
      int child = tree.child(node, blockTokens);
      if (child == PrefixTree.NONE) {
        break;
      }
      node = child;
    }
    setPath(sequence, node, length);
  }

  private void setPath(int sequence, int node, int length) {
    pathEnd[sequence] = node;
    pathKey[sequence] = tree.key(node);
    pathLength[sequence] = length;
  }

  /** False when the end of the path was forgotten since. */
  private boolean hasPath(int sequence) {
    return pathLength[sequence] == 0 || tree.key(pathEnd[sequence]) == pathKey[sequence];
  }

  @Override public int numBlocksNeeded(int sequence, int startPosition, int numTokens) {
    requireReservable(sequence, startPosition, numTokens);
    int size = tables.size(sequence);
    int wanted = numBlocksFor(numTokens);
    return size > 0
        ? Math.max(0, wanted - size) + numSharedFrom(sequence, startPosition / blockSize)
        : wanted - startPosition / blockSize + numIdleMatched(sequence);
  }

  private int numSharedFrom(int sequence, int index) {
    int count = 0;
    for (int i = index; i < tables.size(sequence); i++) {
      count += pool.numHolders(tables.block(sequence, i)) > 1 ? 1 : 0;
    }
    return count;
  }

  private int numIdleMatched(int sequence) {
    if (numMatched[sequence] <= 0) {
      return 0;
    }
    int count = 0;
    int node = endOfMatch(sequence);
    for (int i = numMatched[sequence]; i > 0; i--) {
      count += pool.isIdle(node) ? 1 : 0;
      node = tree.parent(node);
    }
    return count;
  }

  private int endOfMatch(int sequence) {
    int node = pathEnd[sequence];
    for (int i = pathLength[sequence]; i > numMatched[sequence]; i--) {
      node = tree.parent(node);
    }
    return node;
  }

  @Override public boolean reserve(int sequence, int startPosition, int numTokens) {
    if (numBlocksNeeded(sequence, startPosition, numTokens) > pool.numFree()) {
      return false;
    }
    numCopies = 0;
    if (tables.size(sequence) == 0) {
      adoptMatch(sequence);
    } else {
      makeWritable(sequence, startPosition / blockSize);
    }
    int wanted = numBlocksFor(numTokens);
    while (tables.size(sequence) < wanted) {
      tables.append(sequence, pool.take());
    }
    return true;
  }

  private void adoptMatch(int sequence) {
    int length = Math.max(0, numMatched[sequence]);
    int node = length == 0 ? PrefixTree.NONE : endOfMatch(sequence);
    for (int i = 0; i < length; i++) {
      tables.append(sequence, 0);
    }
    for (int i = length - 1; i >= 0; i--) {
      tables.replace(sequence, i, pool.adopt(node));
      node = tree.parent(node);
    }
    pathLength[sequence] = length;
  }

  /** Replaces shared blocks from an index on by copies and lets its own ones not be found any more. */
  private void makeWritable(int sequence, int index) {
    for (int i = index; i < tables.size(sequence); i++) {
      int block = tables.block(sequence, i);
      if (pool.numHolders(block) > 1) {
        replaceByCopy(sequence, i, block);
      } else if (pool.node(block) != PrefixTree.NONE) {
        pool.forget(block);
      }
    }
    pathLength[sequence] = Math.min(pathLength[sequence], index);
  }

  private void replaceByCopy(int sequence, int index, int block) {
    int target = pool.take();
    tables.replace(sequence, index, target);
    pool.giveBack(block, 0);
    copySource[numCopies] = block;
    copyTarget[numCopies] = target;
    copyTableIndex[numCopies++] = index;
  }

  @Override public int numCopies() {
    return numCopies;
  }

  @Override public int copySource(int index) {
    return copySource[requireCopy(index)];
  }

  @Override public int copyTarget(int index) {
    return copyTarget[requireCopy(index)];
  }

  @Override public int copyTableIndex(int index) {
    return copyTableIndex[requireCopy(index)];
  }

  @Override public void commit(int sequence, TokenSequence tokens, int numTokens) {
    requireOpen(sequence);
    requireRange(sequence, "tokens committed", numTokens, 0,
        Math.min(tokens.numTokens(), tables.size(sequence) * blockSize));
    if (!cachesPrefixes) {
      return;
    }
    int numFull = numTokens / blockSize;
    for (int i = pathLength[sequence]; i < numFull && tables.size(sequence) > 0; i++) {
      tokens.copyTokens(i * blockSize, blockTokens, 0, blockSize);
      pool.commit(tables.block(sequence, i), nodeBefore(sequence, i), blockTokens,
          namespaces.namespace(root[sequence]));
      pathLength[sequence] = i + 1;
    }
  }

  /** Node of the block before an index, or the root. */
  private int nodeBefore(int sequence, int index) {
    return index == 0 ? PrefixTree.ofRoot(root[sequence])
        : pool.node(tables.block(sequence, index - 1));
  }

  @Override public boolean uncommit(int sequence, int numTokens) {
    requireOpen(sequence);
    requireRange(sequence, "tokens that stay committed", numTokens, 0, Integer.MAX_VALUE);
    int length = tables.size(sequence) == 0 ? 0 : pathLength[sequence];
    int kept = numTokens / blockSize;
    for (int i = kept; i < length; i++) {
      if (pool.numHolders(tables.block(sequence, i)) > 1) {
        return false;
      }
    }
    for (int i = length - 1; i >= kept; i--) {
      pool.forget(tables.block(sequence, i));
      pathLength[sequence] = i;
    }
    return true;
  }

  @Override public void fork(int parent, int child, int numTokens) {
    requireOpen(parent);
    requireOpen(child);
    requireRange(parent, "tokens shared", numTokens, 0, tables.size(parent) * blockSize);
    if (tables.size(child) > 0) {
      throw new IllegalStateException("sequence " + child + " holds blocks and cannot be a fork");
    }
    if (root[parent] != root[child]) {
      throw new IllegalArgumentException("sequence " + child + " is not in the namespace of "
          + parent);
    }
    requireRow(child, numTokens);
    int numShared = numBlocksFor(numTokens);
    for (int i = 0; i < numShared; i++) {
      int block = tables.block(parent, i);
      pool.share(block);
      tables.append(child, block);
    }
    pathLength[child] = numShared == 0 ? 0 : Math.min(pathLength[parent], numTokens / blockSize);
    numMatched[child] = NO_MATCH;
  }

  @Override public void truncate(int sequence, int numTokens) {
    requireOpen(sequence);
    requireRange(sequence, "tokens kept", numTokens, 0, Integer.MAX_VALUE);
    if (numTokens < tables.size(sequence) * blockSize) {
      giveBack(sequence, numTokens);
    }
  }

  @Override public void release(int sequence) {
    requireOpen(sequence);
    giveBack(sequence, 0);
  }

  private void giveBack(int sequence, int numTokens) {
    int size = tables.size(sequence);
    if (size == 0) {
      return;
    }
    int length = Math.min(pathLength[sequence], numTokens / blockSize);
    int kept = numBlocksFor(numTokens);
    if (kept == 0) {
      setPathOfHolder(sequence);
    } else {
      pathLength[sequence] = length;
    }
    int left = 0;
    for (int i = size - 1; i >= kept; i--) {
      left = pool.giveBack(tables.block(sequence, i), left);
      tables.removeLast(sequence);
    }
    numMatched[sequence] = NO_MATCH;
  }

  /** Keeps the end of the path for the next match, when the blocks go. */
  private void setPathOfHolder(int sequence) {
    int length = readsPrefixes[sequence] ? pathLength[sequence] : 0;
    setPath(sequence, nodeBefore(sequence, length), length);
  }

  @Override public void close(int sequence) {
    release(sequence);
    namespaces.removeUser(root[sequence]);
    namespaces.forgetUnused();
    root[sequence] = CLOSED;
  }

  @Override public int numBlocks(int sequence) {
    requireOpen(sequence);
    return tables.size(sequence);
  }

  @Override public int block(int sequence, int index) {
    requireOpen(sequence);
    requireRange(sequence, "block index", index, 0, tables.size(sequence) - 1);
    return tables.block(sequence, index);
  }

  @Override public int numHolders(int block) {
    return pool.numHolders(requireBlock(block));
  }

  @Override public void pin(int block) {
    if (pool.numHolders(requireBlock(block)) == 0) {
      throw new IllegalStateException("block " + block + " is pinned, but nobody holds it");
    }
    pool.pin(block);
  }

  @Override public void unpin(int block) {
    if (pool.numPins(requireBlock(block)) == 0) {
      throw new IllegalStateException("block " + block + " is not pinned");
    }
    pool.unpin(block);
  }

  @Override public boolean clearPrefixes() {
    if (pool.numFree() < pool.numBlocks()) {
      return false;
    }
    pool.clear();
    namespaces.forgetUnused();
    return true;
  }

  @Override public int numCachedBlocks() {
    return tree.numNodes();
  }

  @Override public long numEvictions() {
    return pool.numEvictions();
  }

  /** True when the block, held or not, has a content that can be found. */
  public boolean isCached(int block) {
    return pool.node(requireBlock(block)) != PrefixTree.NONE;
  }

  /**
   * Copies the free blocks in the order in which they will be handed out; cost O(free blocks).
   *
   * @param target {@link #numFreeBlocks} long or longer
   */
  public void copyFreeOrder(int[] target) {
    pool.free().copyOrder(target);
  }

  @Override public void setEventListener(KvEventListener listener) {
    events.setListener(listener);
  }

  @Override public void checkIntegrity() {
  }

  private int numBlocksFor(int numTokens) {
    return (numTokens + blockSize - 1) / blockSize;
  }

  private void requireReservable(int sequence, int startPosition, int numTokens) {
    requireOpen(sequence);
    requireRange(sequence, "tokens reserved", numTokens, 0, tables.rowLength() * blockSize);
    int size = tables.size(sequence);
    requireRange(sequence, "start position", startPosition, 0,
        size == 0 ? numTokens : Math.min(numTokens, size * blockSize));
    if (size > 0) {
      return;
    }
    if (numMatched[sequence] > 0 && !hasPath(sequence)) {
      throw new IllegalStateException("sequence " + sequence
          + ": its match was forgotten since, match again");
    }
    if (startPosition != Math.max(0, numMatched[sequence]) * blockSize) {
      throw new IllegalArgumentException("sequence " + sequence + ": start position "
          + startPosition + " of " + Math.max(0, numMatched[sequence]) * blockSize + " matched");
    }
    requireRow(sequence, numTokens);
  }

  private void requireRow(int sequence, int numTokens) {
    if (numTokens > 0 && !tables.hasRoom(sequence)) {
      throw new IllegalStateException("sequence " + sequence + " is to hold blocks, as "
          + tables.maxNumHolders() + " do, which is the limit");
    }
  }

  private void requireOpen(int sequence) {
    if (sequence < 0 || sequence >= root.length || root[sequence] == CLOSED) {
      throw new IllegalArgumentException("sequence " + sequence + " is not open");
    }
  }

  private int requireBlock(int block) {
    if (block < 1 || block > pool.numBlocks()) {
      throw new IllegalArgumentException("block " + block + " of " + pool.numBlocks());
    }
    return block;
  }

  private int requireCopy(int index) {
    if (index < 0 || index >= numCopies) {
      throw new IllegalArgumentException("copy " + index + " of " + numCopies);
    }
    return index;
  }

  private static void requireRange(int sequence, String what, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException("sequence " + sequence + ": " + value + " " + what
          + ", must be " + min + " to " + max);
    }
  }
}
