package dev.weft.simulator;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The blocks and the prefix cache of {@link NaiveVllm}: lists and maps, nothing clever. */
final class NaivePool {
  final List<Integer> free = new ArrayList<>();
  final Map<String, List<Integer>> cache = new HashMap<>();
  private final int[] numHolders;
  private final Map<Integer, String> keyOf = new HashMap<>();
  long numEvictions;

  /** @param numBlocks the null block included */
  NaivePool(int numBlocks) {
    numHolders = new int[numBlocks];
    for (int block = 1; block < numBlocks; block++) {
      free.add(block);
    }
  }

  int numUsable() {
    return numHolders.length - 1;
  }

  int numHolders(int block) {
    return numHolders[block];
  }

  boolean hasKey(int block) {
    return keyOf.containsKey(block);
  }

  int take() {
    int block = free.remove(0);
    numEvictions += hasKey(block) ? 1 : 0;
    forget(block);
    numHolders[block] = 1;
    return block;
  }

  void hold(int block) {
    if (numHolders[block]++ == 0) {
      free.remove((Integer) block);
    }
  }

  /** Last block first; those without key to the front, those with one to the end. */
  void giveBack(List<Integer> blocks) {
    List<Integer> front = new ArrayList<>();
    for (int i = blocks.size() - 1; i >= 0; i--) {
      int block = blocks.get(i);
      if (--numHolders[block] == 0) {
        (hasKey(block) ? free : front).add(block);
      }
    }
    free.addAll(0, front);
  }

  void enter(int block, String key) {
    cache.computeIfAbsent(key, any -> new ArrayList<>()).add(block);
    keyOf.put(block, key);
  }

  void forget(int block) {
    String key = keyOf.remove(block);
    if (key != null) {
      List<Integer> blocks = cache.get(key);
      blocks.remove((Integer) block);
      if (blocks.isEmpty()) {
        cache.remove(key);
      }
    }
  }

  /** False when a block is held. */
  boolean clear() {
    if (free.size() < numUsable()) {
      return false;
    }
    cache.clear();
    keyOf.clear();
    return true;
  }
}
