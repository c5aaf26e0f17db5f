package dev.weft.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** A live request of {@link NaiveScheduler}. */
final class NaiveRequest {
  final long id;
  final int maxNumTokens;
  /** Prompt and output. */
  final List<Integer> tokens = new ArrayList<>();
  /** Of the full blocks of these tokens. */
  final List<NaiveKey> keys = new ArrayList<>();
  final List<NaiveBlock> blocks = new ArrayList<>();
  int numComputed;
  int numCachedBlocks;

  NaiveRequest(long id, int[] prompt, int maxNewTokens) {
    this.id = id;
    maxNumTokens = prompt.length + maxNewTokens;
    for (int token : prompt) {
      append(token);
    }
  }

  /** Adds a token, and the key of the block that it fills. */
  void append(int token) {
    tokens.add(token);
    int end = tokens.size();
    if (end % MeasuredLimits.BLOCK_SIZE == 0) {
      long prefixHash = keys.isEmpty() ? 0 : keys.get(keys.size() - 1).hash();
      keys.add(new NaiveKey(prefixHash, tokens.subList(end - MeasuredLimits.BLOCK_SIZE, end)));
    }
  }
}
