package dev.weft.pagedkv;

import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;

/**
 * A fixed pool of equal blocks with an index of full ones (W. Kwon et al., Efficient Memory
 * Management for Large Language Model Serving with PagedAttention, SOSP 2023).
 *
 * <p>This class keeps the sequences in step with their parts: block tables ({@link BlockTables}),
 * the place in the tree of cached prefixes ({@link SequencePaths}), what is granted ({@link
 * Reservations}), the blocks ({@link BlockPool}) and what can be found in them ({@link
 * PrefixCache}). Every part works on int arrays of fixed size. Costs: a match O(1) for each
 * block newly found, numBlocksNeeded O(log length), the others O(blocks that change hands).
 *
 * <p>Free blocks that cannot be found are handed out first, those that came back last before older
 * ones; then the cached ones by {@link EvictionRank}, the least recently used of a rank first.
 */
public final class PagedKvCache implements KvCache {
  private final KvLayout layout;
  private final int blockSize;
  private final boolean cachesPrefixes;
  final Namespaces namespaces;
  private final KvEvents events;
  final BlockCounts counts;
  final PrefixTree tree;
  final FreeQueue free;
  final PrefixCache cache;
  private final BlockPool pool;
  final BlockTables tables;
  final SequencePaths paths;
  final WritableRanges writable;
  private final Reservations reservations;
  private final KvArguments arguments;
  private final KvIntegrity integrity;
  private final BlocksAhead ahead;
  private final int[] blockTokens;

  PagedKvCache(PagedKvCacheBuilder options) {
    layout = options.layout;
    blockSize = layout.blockSize();
    cachesPrefixes = options.cachesPrefixes;
    namespaces = new Namespaces(options.hashSeed);
    IntRecords nodes = NodeRecords.create(options.numBlocks - 1, blockSize);
    IntRecords blocks = BlockRecords.create(options.numBlocks, FreeQueue.NUM_HEADS);
    tree = new PrefixTree(nodes, blockSize, options.hashMask, namespaces);
    events = new KvEvents(tree, namespaces, blockSize);
    counts = new BlockCounts(blocks, options.numBlocks);
    free = new FreeQueue(blocks, options.numBlocks);
    cache = new PrefixCache(tree, events, options.evictionRank, options.keepsCopies, counts, free,
        new NodeBlocks(blocks, nodes), nodes);
    pool = new BlockPool(counts, free, cache);
    tables = new BlockTables(options.maxNumSequences, options.maxNumHolders,
        options.maxNumBlocksPerSequence, blockSize);
    paths = new SequencePaths(options.maxNumSequences, tree, options.numDroppedHitBlocks,
        options.anchorDistance);
    writable = new WritableRanges(options.maxNumSequences);
    reservations =
        new Reservations(pool, counts, cache, tree, tables, paths, writable, blockSize);
    arguments = new KvArguments(pool, tables, paths, blockSize);
    integrity = new KvIntegrity(counts, free, cache, tree, namespaces, tables, paths, writable);
    ahead = new BlocksAhead(tree);
    blockTokens = new int[blockSize];
  }

  /** Begins to describe a cache. */
  public static PagedKvCacheBuilder builder() {
    return new PagedKvCacheBuilder();
  }

  @Override
  public KvLayout layout() {
    return layout;
  }

  @Override
  public int numBlocks() {
    return pool.numBlocks();
  }

  @Override
  public int numFreeBlocks() {
    return pool.numFree();
  }

  @Override
  public int numUncachedFreeBlocks() {
    return pool.numUncachedFree();
  }

  @Override
  public int numPendingBlocks() {
    return counts.numPending();
  }

  // ---- life of a sequence

  @Override
  public void open(int sequence, KvNamespace namespace, boolean readsPrefixes) {
    arguments.requireClosed(sequence);
    paths.open(sequence, namespaces.open(namespace), readsPrefixes && cachesPrefixes);
  }

  @Override
  public int match(int sequence, TokenSequence tokens, int numTokens) {
    arguments.requireOpen(sequence);
    arguments.requireRange(sequence, "tokens to match", numTokens, 0, tokens.numTokens());
    if (tables.size(sequence) > 0) {
      return 0;
    }
    return paths.match(sequence, tokens, Math.max(0, numTokens - 1) / blockSize) * blockSize;
  }

  @Override
  public int numBlocksNeeded(int sequence, int startPosition, int numTokens) {
    arguments.requireReservable(sequence, startPosition, numTokens);
    return reservations.numBlocksNeeded(sequence, startPosition, numTokens);
  }

  @Override
  public boolean reserve(int sequence, int startPosition, int numTokens) {
    arguments.requireReservable(sequence, startPosition, numTokens);
    arguments.requireRow(sequence, numTokens);
    return reservations.reserve(sequence, startPosition, numTokens);
  }

  @Override
  public int numCopies() {
    return reservations.numCopies();
  }

  @Override
  public int copySource(int index) {
    return reservations.copySource(index);
  }

  @Override
  public int copyTarget(int index) {
    return reservations.copyTarget(index);
  }

  @Override
  public int copyTableIndex(int index) {
    return reservations.copyTableIndex(index);
  }

  @Override
  public void commit(int sequence, TokenSequence tokens, int numTokens) {
    arguments.requireOpen(sequence);
    arguments.requireRange(sequence, "known tokens to commit", numTokens, 0, tokens.numTokens());
    arguments.requireRange(
        sequence, "tokens to commit", numTokens, 0, tables.numPositions(sequence));
    if (!cachesPrefixes || numTokens < (paths.length(sequence) + 1) * blockSize) {
      return; // No block was filled since the last commit: what most calls come to.
    }
    int numFull = numTokens / blockSize;
    requireSameContent(sequence, tokens, numFull);
    writable.beginAt(sequence, numFull * blockSize);
    int first = paths.length(sequence);
    if (paths.tip(sequence) == PrefixTree.NONE) {
      paths.extend(sequence, first, nodeBefore(sequence, first));
    }
    while (first < numFull) {
      int numAhead = Math.min(numFull - first, BlocksAhead.MAX_NUM_BLOCKS);
      ahead.read(tokens, first, numAhead, paths.tipHash(sequence));
      int node = paths.tip(sequence);
      for (int i = 0; i < numAhead; i++) {
        node = commitBlock(sequence, tables.block(sequence, first + i), node, i);
      }
      first += numAhead;
      paths.extend(sequence, first, node);
    }
  }

  /** Enters a block that was read ahead below a node; returns its own node. */
  private int commitBlock(int sequence, int block, int parent, int indexAhead) {
    return cache.isCached(block)
        ? cache.node(block)
        : cache.commit(block, parent, ahead, indexAhead,
            namespaces.namespace(paths.root(sequence)));
  }

  /** A block that is cached already, because a fork committed it, must hold these tokens. */
  private void requireSameContent(int sequence, TokenSequence tokens, int numFull) {
    for (int i = paths.length(sequence); i < numFull; i++) {
      int block = tables.block(sequence, i);
      if (cache.isCached(block)) {
        tokens.copyTokens(i * blockSize, blockTokens, 0, blockSize);
        if (!tree.hasTokens(cache.node(block), blockTokens, 0)) {
          throw new IllegalStateException("sequence " + sequence + ": block " + block
              + " is shared and was committed with other tokens");
        }
      }
    }
  }

  /** Node of the block before an index, or the root. */
  private int nodeBefore(int sequence, int index) {
    return index == 0
        ? PrefixTree.ofRoot(paths.root(sequence))
        : cache.node(tables.block(sequence, index - 1));
  }

  @Override
  public boolean uncommit(int sequence, int numTokens) {
    arguments.requireOpen(sequence);
    arguments.requireRange(sequence, "tokens that stay committed", numTokens, 0, Integer.MAX_VALUE);
    int size = tables.size(sequence);
    int numKept = numTokens / blockSize;
    for (int i = numKept; i < size; i++) {
      int block = tables.block(sequence, i);
      if (cache.isCached(block) && counts.numHolders(block) > 1) {
        return false;
      }
    }
    for (int i = size - 1; i >= numKept; i--) {
      if (cache.isCached(tables.block(sequence, i))) {
        cache.forget(tables.block(sequence, i));
      }
    }
    if (size > 0) {
      paths.cut(sequence, numKept);
    }
    return true;
  }

  @Override
  public void fork(int parent, int child, int numTokens) {
    arguments.requireOpen(parent);
    arguments.requireOpen(child);
    arguments.requireRange(parent, "tokens to share", numTokens, 0, tables.numPositions(parent));
    if (tables.size(child) > 0) {
      throw new IllegalStateException("sequence " + child + " holds blocks and cannot be a fork");
    }
    if (paths.root(parent) != paths.root(child)) {
      throw new IllegalArgumentException(
          "sequence " + child + " is not in the namespace of sequence " + parent);
    }
    arguments.requireRow(child, numTokens);
    int numShared = tables.numBlocksFor(numTokens);
    writable.forget(parent);
    for (int i = 0; i < numShared; i++) {
      pool.share(tables.block(parent, i));
      tables.append(child, tables.block(parent, i));
    }
    if (numShared > 0) {
      paths.hold(child, Math.min(paths.length(parent), numTokens / blockSize));
    }
  }

  @Override
  public void truncate(int sequence, int numTokens) {
    arguments.requireOpen(sequence);
    arguments.requireRange(sequence, "tokens to keep", numTokens, 0, Integer.MAX_VALUE);
    if (tables.size(sequence) > 0) {
      int numFull = numTokens / blockSize;
      paths.cut(sequence, numFull);
      giveBackFrom(sequence, tables.numBlocksFor(numTokens));
    }
  }

  @Override
  public void release(int sequence) {
    arguments.requireOpen(sequence);
    giveBackFrom(sequence, 0);
  }

  private void giveBackFrom(int sequence, int index) {
    int size = tables.size(sequence);
    if (size <= index) {
      return;
    }
    writable.forget(sequence);
    if (index == 0) {
      paths.letGo(sequence, nodeBefore(sequence, paths.length(sequence)));
    }
    int left = 0;
    for (int i = size - 1; i >= index; i--) {
      left = pool.giveBack(tables.block(sequence, i), left);
      tables.removeLast(sequence);
    }
  }

  @Override
  public void close(int sequence) {
    release(sequence);
    namespaces.removeUser(paths.root(sequence));
    namespaces.forgetUnused();
    paths.close(sequence);
  }

  // ---- blocks

  @Override
  public int numBlocks(int sequence) {
    arguments.requireOpen(sequence);
    return tables.size(sequence);
  }

  @Override
  public int block(int sequence, int index) {
    arguments.requireOpen(sequence);
    arguments.requireRange(sequence, "as block index", index, 0, tables.size(sequence) - 1);
    return tables.block(sequence, index);
  }

  @Override
  public int numHolders(int block) {
    return counts.numHolders(arguments.block(block));
  }

  @Override
  public void pin(int block) {
    if (!counts.isHeld(arguments.block(block))) {
      throw new IllegalStateException("block " + block + " is to be pinned, but nobody holds it");
    }
    pool.pin(block);
  }

  @Override
  public boolean isPinned(int block) {
    return counts.numPins(arguments.block(block)) > 0;
  }

  @Override
  public void unpin(int block) {
    if (counts.numPins(arguments.block(block)) == 0) {
      throw new IllegalStateException("block " + block + " is to be unpinned, but is not pinned");
    }
    pool.unpin(block);
  }

  // ---- the prefix cache as a whole

  @Override
  public boolean clearPrefixes() {
    if (pool.numFree() < pool.numBlocks()) {
      return false;
    }
    cache.clear();
    namespaces.forgetUnused();
    return true;
  }

  /** Different prefixes that can be found; each counts once, however many blocks hold it. */
  @Override
  public int numCachedBlocks() {
    return tree.numNodes();
  }

  @Override
  public long numEvictions() {
    return pool.numEvictions();
  }

  /** True when the block, held or not, has a content that can be found. */
  public boolean isCached(int block) {
    return cache.isCached(arguments.block(block));
  }

  /**
   * Copies the free blocks in the order in which they will be handed out; cost O(free blocks).
   *
   * @param target {@link #numFreeBlocks} long or longer
   */
  public void copyFreeOrder(int[] target) {
    free.copyOrder(target);
  }

  @Override
  public void setEventListener(KvEventListener listener) {
    events.setListener(listener);
  }

  /**
   * Tells a listener all that can be found now, each block after the one it continues, with the
   * number of the last event: a consumer that saw a gap starts again from this and goes on with the
   * next number.
   */
  public void describeTo(KvEventListener listener) {
    events.describeTo(listener);
  }

  @Override
  public void checkIntegrity() {
    integrity.check();
  }
}
