package dev.weft.benchmarks;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Blocks with a prefix cache, as one writes them first: objects for blocks, a {@link HashMap} from
 * content to blocks, and the free ones that cache something in a {@link LinkedHashSet}, which can
 * give up one in its middle. Free blocks that cache nothing are handed out first, what came back
 * last in front; then the others, oldest first. Equal blocks are cached beside each other.
 */
final class NaivePool {
  private final boolean cachesPrefixes;
  /** Free blocks that cache nothing. */
  private final Deque<NaiveBlock> blank = new ArrayDeque<>();
  /** Free blocks that cache something, the one that became free first in front. */
  private final LinkedHashSet<NaiveBlock> idle = new LinkedHashSet<>();
  private final Map<NaiveKey, Deque<NaiveBlock>> cached = new HashMap<>();

  private int numCached;

  /** @param numBlocks null block included */
  NaivePool(int numBlocks, boolean cachesPrefixes) {
    this.cachesPrefixes = cachesPrefixes;
    for (int id = 1; id < numBlocks; id++) {
      blank.add(new NaiveBlock(id));
    }
  }

  int numFree() {
    return blank.size() + idle.size();
  }

  int numCached() {
    return numCached;
  }

  /** Blocks of the longest cached prefix, without the last token, which is always computed. */
  List<NaiveBlock> match(NaiveRequest request) {
    List<NaiveBlock> hit = new ArrayList<>();
    if (cachesPrefixes) {
      int maxNumBlocks = (request.tokens.size() - 1) / MeasuredLimits.BLOCK_SIZE;
      for (NaiveKey key : request.keys.subList(0, maxNumBlocks)) {
        Deque<NaiveBlock> blocks = cached.get(key);
        if (blocks == null) {
          break;
        }
        hit.add(blocks.getFirst());
      }
    }
    return hit;
  }

  /** Whether blocks for so many tokens can be had, when these of them are found. */
  boolean fits(NaiveRequest request, List<NaiveBlock> hit, int numTokens) {
    int numIdle = 0;
    for (NaiveBlock block : hit) {
      if (block.numHolders == 0) {
        numIdle++;
      }
    }
    return numMissing(request, hit, numTokens) + numIdle <= numFree();
  }

  private static int numMissing(NaiveRequest request, List<NaiveBlock> hit, int numTokens) {
    int numNeeded = (numTokens + MeasuredLimits.BLOCK_SIZE - 1) / MeasuredLimits.BLOCK_SIZE;
    return Math.max(0, numNeeded - request.blocks.size() - hit.size());
  }

  /**
   * Gives a request what was found and what is missing for so many tokens, and lets others find
   * what becomes full.
   *
   * @return ids of the blocks it did not hold before
   */
  List<Integer> take(NaiveRequest request, List<NaiveBlock> hit, int numTokens) {
    List<Integer> ids = new ArrayList<>();
    int numMissing = numMissing(request, hit, numTokens);
    for (NaiveBlock block : hit) {
      if (block.numHolders == 0) {
        idle.remove(block);
      }
      hold(request, block, ids);
    }
    request.numCachedBlocks += hit.size();
    for (int i = 0; i < numMissing; i++) {
      hold(request, takeFirst(), ids);
    }
    if (cachesPrefixes) {
      enterFullBlocks(request, numTokens / MeasuredLimits.BLOCK_SIZE);
    }
    return ids;
  }

  private static void hold(NaiveRequest request, NaiveBlock block, List<Integer> ids) {
    block.numHolders++;
    request.blocks.add(block);
    ids.add(block.id);
  }

  private NaiveBlock takeFirst() {
    NaiveBlock block = blank.poll();
    return block == null ? takeOldestIdle() : block;
  }

  private NaiveBlock takeOldestIdle() {
    Iterator<NaiveBlock> oldest = idle.iterator();
    NaiveBlock block = oldest.next();
    oldest.remove();
    evict(block);
    return block;
  }

  private void evict(NaiveBlock block) {
    cached.computeIfPresent(Objects.requireNonNull(block.key), (key, blocks) -> {
      blocks.remove(block);
      return blocks.isEmpty() ? null : blocks;
    });
    block.key = null;
    numCached--;
  }

  private void enterFullBlocks(NaiveRequest request, int numFullBlocks) {
    for (int i = request.numCachedBlocks; i < numFullBlocks; i++) {
      NaiveKey key = request.keys.get(i);
      NaiveBlock block = request.blocks.get(i);
      cached.computeIfAbsent(key, absent -> new ArrayDeque<>(1)).add(block);
      block.key = key;
      numCached++;
    }
    request.numCachedBlocks = Math.max(request.numCachedBlocks, numFullBlocks);
  }

  /** Takes all blocks back, the last one first. */
  void giveBack(NaiveRequest request) {
    Deque<NaiveBlock> nowBlank = new ArrayDeque<>();
    for (int i = request.blocks.size() - 1; i >= 0; i--) {
      NaiveBlock block = request.blocks.get(i);
      block.numHolders--;
      if (block.numHolders == 0 && block.key == null) {
        nowBlank.addFirst(block);
      } else if (block.numHolders == 0) {
        idle.add(block);
      }
    }
    nowBlank.forEach(blank::addFirst);
    request.blocks.clear();
    request.numCachedBlocks = 0;
  }

  /** Forgets what free blocks cache. */
  void clear() {
    while (!idle.isEmpty()) {
      blank.addLast(takeOldestIdle());
    }
  }
}
