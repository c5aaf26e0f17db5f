package dev.weft.testkit;

import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.KvEventListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Blocks and findable prefixes of a {@link KvCacheModel}. A prefix is looked up by all of its
 * tokens; the free blocks are lists.
 */
final class KvModelPool {
  /** What becomes of an idle block when another one has the same content. */
  enum Copies { DROPPED, KEPT }

  private final int blockSize;
  private final EvictionRank evictionRank;
  private final Copies copies;
  final List<KvModelBlock> blocks = new ArrayList<>();
  final Map<KvModelPrefix.Content, KvModelPrefix> prefixes = new HashMap<>();
  private final ArrayDeque<KvModelBlock> uncached = new ArrayDeque<>();
  private final List<List<KvModelBlock>> idleByRank = new ArrayList<>();
  KvEventListener listener = KvEventListener.NONE;
  private long lastEvent;
  private long lastKey;
  long numEvictions;

  KvModelPool(KvCacheConfig config, Copies copies) {
    blockSize = config.blockSize();
    evictionRank = config.evictionRank();
    this.copies = copies;
    for (int id = 1; id <= config.numBlocks(); id++) {
      blocks.add(new KvModelBlock(id));
      uncached.addLast(blocks.get(id - 1));
    }
    for (int rank = 0; rank < EvictionRank.NUM_RANKS; rank++) {
      idleByRank.add(new ArrayList<>());
    }
  }

  int numFree() {
    return uncached.size() + idleByRank.stream().mapToInt(List::size).sum();
  }

  KvModelBlock take() {
    if (uncached.isEmpty()) {
      KvModelBlock first = idleByRank.stream().filter(list -> !list.isEmpty()).findFirst()
          .orElseThrow(() -> new IllegalStateException("no block is free")).get(0);
      numEvictions += forget(first);
    }
    KvModelBlock block = uncached.removeFirst();
    block.numHolders = 1;
    return block;
  }

  KvModelBlock adopt(KvModelPrefix prefix) {
    KvModelBlock block = prefix.blocks.get(0);
    removeFromIdle(block);
    block.numHolders++;
    prefix.numHits++;
    return block;
  }

  /** Gives back blocks in this order; those that cannot be found are the next to be handed out. */
  void giveBack(List<KvModelBlock> returned) {
    List<KvModelBlock> scratch = new ArrayList<>();
    for (KvModelBlock block : returned) {
      if (--block.numHolders == 0) {
        KvModelPrefix prefix = block.prefix;
        if (prefix != null && copies == Copies.DROPPED && prefix.blocks.size() > 1) {
          prefix.blocks.remove(block);
          block.prefix = null;
        }
        becomeIdle(block, scratch);
      }
    }
    for (int i = scratch.size() - 1; i >= 0; i--) {
      uncached.addFirst(scratch.get(i));
    }
  }

  void unpin(KvModelBlock block) {
    block.numPins--;
    if (block.isFree()) {
      List<KvModelBlock> scratch = new ArrayList<>();
      becomeIdle(block, scratch);
      scratch.forEach(uncached::addFirst);
    }
  }

  private void becomeIdle(KvModelBlock block, List<KvModelBlock> scratch) {
    int rank = block.prefix == null ? 0 : rank(block.prefix);
    if (block.numPins > 0) {
      return;
    }
    if (block.prefix == null) {
      scratch.add(block);
    } else {
      idleByRank.get(rank).add(block);
    }
  }

  private int rank(KvModelPrefix prefix) {
    int blockIndex = prefix.content.tokens().size() / blockSize - 1;
    int rank = evictionRank.rank(blockIndex, prefix.numHits);
    if (!children(prefix).isEmpty()) {
      rank = Math.max(rank, prefix.childRank);
    }
    KvModelPrefix parent = parent(prefix.content);
    if (parent != null) {
      parent.childRank = Math.max(parent.childRank, rank);
    }
    return rank;
  }

  private @Nullable KvModelPrefix parent(KvModelPrefix.Content content) {
    int length = content.tokens().size() - blockSize;
    return prefixes.get(new KvModelPrefix.Content(content.namespace(),
        content.tokens().subList(0, length)));
  }

  /** Newest first. */
  private List<KvModelPrefix> children(KvModelPrefix prefix) {
    return prefixes.values().stream()
        .filter(other -> prefix.content.isParentOf(other.content, blockSize))
        .sorted(Comparator.comparingLong((KvModelPrefix other) -> other.key).reversed())
        .toList();
  }

  void commit(KvModelBlock block, KvModelPrefix.Content content) {
    KvModelPrefix prefix = prefixes.get(content);
    if (prefix == null) {
      prefix = new KvModelPrefix(++lastKey, content);
      prefixes.put(content, prefix);
      tellStored(prefix);
    }
    prefix.blocks.add(block);
    block.prefix = prefix;
    KvModelBlock served = prefix.blocks.get(0);
    if (copies == Copies.DROPPED && served.numHolders == 0) {
      uncache(served);
    }
  }

  private void tellStored(KvModelPrefix prefix) {
    KvModelPrefix parent = parent(prefix.content);
    int[] tokens = prefix.content.tokens().stream().mapToInt(Integer::intValue).toArray();
    listener.onStored(++lastEvent, prefix.key, parent == null ? 0 : parent.key,
        prefix.content.namespace(), tokens, tokens.length - blockSize, blockSize);
  }

  /** Lets a block not be found any more; returns how many are not. */
  int forget(KvModelBlock block) {
    KvModelPrefix prefix = block.prefix;
    if (prefix == null) {
      return 0;
    }
    if (prefix.blocks.size() > 1) {
      uncache(block);
      return 1;
    }
    return forget(prefix);
  }

  private int forget(KvModelPrefix prefix) {
    int count = 0;
    for (KvModelPrefix child : children(prefix)) {
      count += forget(child);
    }
    for (KvModelBlock block : List.copyOf(prefix.blocks)) {
      uncache(block);
      count++;
    }
    listener.onRemoved(++lastEvent, prefix.key);
    prefixes.remove(prefix.content);
    return count;
  }

  private void uncache(KvModelBlock block) {
    if (block.prefix != null) {
      block.prefix.blocks.remove(block);
    }
    block.prefix = null;
    if (removeFromIdle(block)) {
      uncached.addFirst(block);
    }
  }

  private boolean removeFromIdle(KvModelBlock block) {
    boolean wasIdle = false;
    for (List<KvModelBlock> list : idleByRank) {
      wasIdle |= list.remove(block);
    }
    return wasIdle;
  }

  void clear() {
    for (List<KvModelBlock> list : idleByRank) {
      uncached.addAll(list);
      list.clear();
    }
    prefixes.clear();
    blocks.forEach(block -> block.prefix = null);
    listener.onCleared(++lastEvent);
  }
}
