package dev.weft.testkit;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A KV cache without cleverness: lists, maps, and prefixes that are looked up by all of their
 * tokens. What a real one is compared with, and a stand-in for it in tests of schedulers. Slow:
 * most methods cost O(blocks) or more.
 *
 * <p>Blocks are handed out in the order: those that cannot be found, the last released sequence
 * first and of it the last block first; then cached ones by rank, within a rank the one that became
 * idle first.
 */
public final class KvCacheModel implements KvCache {
  private static final class Sequence {
    final KvNamespace namespace;
    final boolean readsPrefixes;
    final List<KvModelBlock> table = new ArrayList<>();
    List<KvModelPrefix> match = List.of();

    Sequence(KvNamespace namespace, boolean readsPrefixes) {
      this.namespace = namespace;
      this.readsPrefixes = readsPrefixes;
    }
  }

  private record Copy(int source, int target, int tableIndex) {}

  private final KvCacheConfig config;
  private final int blockSize;
  private final KvModelPool pool;
  private final Map<Integer, Sequence> sequences = new HashMap<>();
  private List<Copy> copies = List.of();

  /** A cache in which of several idle equal blocks only one stays cached. */
  public KvCacheModel(KvCacheConfig config) {
    this(config, KvModelPool.Copies.DROPPED);
  }

  private KvCacheModel(KvCacheConfig config, KvModelPool.Copies copies) {
    this.config = config;
    blockSize = config.blockSize();
    pool = new KvModelPool(config, copies);
  }

  /** A cache in which equal blocks stay cached beside each other. */
  public static KvCacheModel keepingCopies(KvCacheConfig config) {
    return new KvCacheModel(config, KvModelPool.Copies.KEPT);
  }

  @Override
  public KvLayout layout() {
    return KvLayout.fullAttention(blockSize);
  }

  @Override
  public int numBlocks() {
    return config.numBlocks();
  }

  @Override
  public int numFreeBlocks() {
    return pool.numFree();
  }

  @Override
  public int numUncachedFreeBlocks() {
    return (int) pool.blocks.stream()
        .filter(b -> b.numHolders == 0 && b.numPins == 0 && b.prefix == null).count();
  }

  @Override
  public int numPendingBlocks() {
    return (int) pool.blocks.stream().filter(b -> b.numHolders == 0 && b.numPins > 0).count();
  }

  @Override
  public void open(int sequence, KvNamespace namespace, boolean readsPrefixes) {
    require(sequence >= 0 && sequence < config.maxNumSequences(), "no handle " + sequence);
    require(!sequences.containsKey(sequence), sequence + " is open");
    sequences.put(sequence, new Sequence(namespace, readsPrefixes && config.cachesPrefixes()));
  }

  @Override
  public int match(int sequence, TokenSequence tokens, int numTokens) {
    Sequence own = sequence(sequence);
    require(numTokens >= 0 && numTokens <= tokens.numTokens(), numTokens + " tokens to match");
    if (!own.table.isEmpty() || !own.readsPrefixes) {
      return 0;
    }
    List<KvModelPrefix> found = new ArrayList<>();
    for (int length = blockSize; length < numTokens; length += blockSize) {
      KvModelPrefix prefix = pool.prefixes.get(content(own, tokens, length));
      if (prefix == null) {
        break;
      }
      found.add(prefix);
    }
    own.match = found;
    return found.size() * blockSize;
  }

  private static KvModelPrefix.Content content(Sequence own, TokenSequence tokens, int length) {
    List<Integer> ids = IntStream.range(0, length).map(tokens::token).boxed().toList();
    return new KvModelPrefix.Content(own.namespace, ids);
  }

  @Override
  public int numBlocksNeeded(int sequence, int startPosition, int numTokens) {
    Sequence own = sequence(sequence);
    requireReservable(own, startPosition, numTokens);
    if (own.table.isEmpty()) {
      long numIdle = own.match.stream().filter(prefix -> prefix.blocks.get(0).isFree()).count();
      return (int) numIdle + Math.max(0, numBlocksFor(numTokens) - own.match.size());
    }
    long numShared = own.table.stream().skip(startPosition / blockSize)
        .filter(block -> block.numHolders > 1).count();
    return (int) numShared + Math.max(0, numBlocksFor(numTokens) - own.table.size());
  }

  private void requireReservable(Sequence own, int startPosition, int numTokens) {
    require(numTokens >= startPosition && numTokens <= config.maxNumTokens(), "tokens to reserve");
    if (own.table.isEmpty()) {
      require(startPosition == own.match.size() * blockSize, "start position is not the match");
      require(own.match.stream().allMatch(prefix -> pool.prefixes.get(prefix.content) == prefix),
          "the match was forgotten");
    } else {
      require(startPosition >= 0 && startPosition <= own.table.size() * blockSize,
          "start position behind the reserved ones");
    }
  }

  @Override
  public boolean reserve(int sequence, int startPosition, int numTokens) {
    Sequence own = sequence(sequence);
    int numNeeded = numBlocksNeeded(sequence, startPosition, numTokens);
    requireRoom(own, numTokens);
    if (numNeeded > pool.numFree()) {
      return false;
    }
    copies = new ArrayList<>();
    own.match.forEach(prefix -> own.table.add(pool.adopt(prefix)));
    if (own.match.isEmpty()) {
      makeWritable(own, startPosition / blockSize);
    }
    own.match = List.of();
    while (own.table.size() < numBlocksFor(numTokens)) {
      own.table.add(pool.take());
    }
    return true;
  }

  private void makeWritable(Sequence own, int index) {
    for (int i = index; i < own.table.size(); i++) {
      KvModelBlock block = own.table.get(i);
      if (block.numHolders > 1) {
        own.table.set(i, pool.take());
        block.numHolders--;
        copies.add(new Copy(block.id, own.table.get(i).id, i));
      } else {
        pool.forget(block);
      }
    }
  }

  @Override
  public int numCopies() {
    return copies.size();
  }

  @Override
  public int copySource(int index) {
    return copy(index).source;
  }

  @Override
  public int copyTarget(int index) {
    return copy(index).target;
  }

  @Override
  public int copyTableIndex(int index) {
    return copy(index).tableIndex;
  }

  @Override
  public void commit(int sequence, TokenSequence tokens, int numTokens) {
    Sequence own = sequence(sequence);
    require(numTokens >= 0 && numTokens <= tokens.numTokens()
        && numTokens <= own.table.size() * blockSize, numTokens + " tokens to commit");
    int numFull = config.cachesPrefixes() ? numTokens / blockSize : 0;
    for (int i = 0; i < numFull; i++) {
      KvModelPrefix prefix = own.table.get(i).prefix;
      require(prefix == null || prefix.content.equals(content(own, tokens, (i + 1) * blockSize)),
          "a shared block was committed with other tokens");
    }
    for (int i = 0; i < numFull; i++) {
      if (own.table.get(i).prefix == null) {
        pool.commit(own.table.get(i), content(own, tokens, (i + 1) * blockSize));
      }
    }
  }

  @Override
  public boolean uncommit(int sequence, int numTokens) {
    require(numTokens >= 0, numTokens + " tokens that stay committed");
    List<KvModelBlock> behind = sequence(sequence).table.stream().skip(numTokens / blockSize)
        .filter(block -> block.prefix != null).toList();
    if (behind.stream().anyMatch(block -> block.numHolders > 1)) {
      return false;
    }
    reversed(behind).forEach(pool::forget);
    return true;
  }

  @Override
  public void fork(int parent, int child, int numTokens) {
    Sequence from = sequence(parent);
    Sequence to = sequence(child);
    require(numTokens >= 0 && numTokens <= from.table.size() * blockSize, "tokens to share");
    require(to.table.isEmpty() && from.namespace.equals(to.namespace), "no fork");
    requireRoom(to, numTokens);
    for (KvModelBlock block : from.table.subList(0, numBlocksFor(numTokens))) {
      block.numHolders++;
      to.table.add(block);
      to.match = List.of();
    }
  }

  @Override
  public void truncate(int sequence, int numTokens) {
    require(numTokens >= 0, numTokens + " tokens to keep");
    List<KvModelBlock> table = sequence(sequence).table;
    if (numBlocksFor(numTokens) < table.size()) {
      List<KvModelBlock> behind = table.subList(numBlocksFor(numTokens), table.size());
      pool.giveBack(reversed(behind));
      behind.clear();
    }
  }

  @Override
  public void release(int sequence) {
    truncate(sequence, 0);
  }

  @Override
  public void close(int sequence) {
    release(sequence);
    sequences.remove(sequence);
  }

  @Override
  public int numBlocks(int sequence) {
    return sequence(sequence).table.size();
  }

  @Override
  public int block(int sequence, int index) {
    require(index >= 0 && index < numBlocks(sequence), "block index " + index);
    return sequence(sequence).table.get(index).id;
  }

  @Override
  public int numHolders(int block) {
    return blockOf(block).numHolders;
  }

  @Override
  public void pin(int block) {
    require(blockOf(block).numHolders > 0, "nobody holds block " + block);
    blockOf(block).numPins++;
  }

  @Override
  public boolean isPinned(int block) {
    return blockOf(block).numPins > 0;
  }

  @Override
  public void unpin(int block) {
    require(blockOf(block).numPins > 0, "nobody pinned block " + block);
    pool.unpin(blockOf(block));
  }

  @Override
  public boolean clearPrefixes() {
    if (pool.numFree() < config.numBlocks()) {
      return false;
    }
    pool.clear();
    return true;
  }

  @Override
  public int numCachedBlocks() {
    return pool.prefixes.size();
  }

  @Override
  public long numEvictions() {
    return pool.numEvictions;
  }

  @Override
  public void setEventListener(KvEventListener listener) {
    pool.listener = listener;
  }

  @Override
  public void checkIntegrity() {
    long numHeld = pool.blocks.stream().filter(block -> block.numHolders > 0).count();
    if (numHeld + numPendingBlocks() + numFreeBlocks() != config.numBlocks()) {
      throw new IllegalStateException("I1: " + numHeld + " held, " + numPendingBlocks()
          + " pending, " + numFreeBlocks() + " free of " + config.numBlocks());
    }
  }

  private Copy copy(int index) {
    require(index >= 0 && index < copies.size(), "copy " + index + " of " + copies.size());
    return copies.get(index);
  }

  private int numBlocksFor(int numTokens) {
    return numTokens / blockSize + (numTokens % blockSize == 0 ? 0 : 1);
  }

  private void requireRoom(Sequence own, int numTokens) {
    long numHolders = sequences.values().stream().filter(s -> !s.table.isEmpty()).count();
    require(!own.table.isEmpty() || numTokens == 0 || numHolders < config.maxNumHolders(),
        numHolders + " sequences hold blocks");
  }

  private Sequence sequence(int handle) {
    Sequence found = sequences.get(handle);
    if (found == null) {
      throw new IllegalArgumentException("sequence " + handle + " is not open");
    }
    return found;
  }

  private KvModelBlock blockOf(int id) {
    require(id >= 1 && id <= config.numBlocks(), "no block " + id);
    return pool.blocks.get(id - 1);
  }

  private static List<KvModelBlock> reversed(List<KvModelBlock> blocks) {
    List<KvModelBlock> result = new ArrayList<>(blocks);
    Collections.reverse(result);
    return result;
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
