package dev.weft.pagedkv;

/**
 * Hash table of the nodes of a {@link PrefixTree}: nodes whose hash ends in the same bits are
 * chained in both directions, the newest first. There are more buckets than nodes, so a chain is
 * about one node long.
 */
final class PrefixBuckets {
  private static final int NONE = PrefixTree.NONE;
  private final int[] first;
  private final int[] next;
  private final int[] previous;
  private final long[] hash;

  PrefixBuckets(int maxNumNodes) {
    first = new int[Math.max(2, 2 * Integer.highestOneBit(maxNumNodes))];
    next = new int[maxNumNodes + 1];
    previous = new int[maxNumNodes + 1];
    hash = new long[maxNumNodes + 1];
  }

  /** The newest node in the bucket of this hash. */
  int newest(long wanted) {
    return first[bucket(wanted)];
  }

  /** The newest node with this hash. */
  int first(long wanted) {
    return matching(newest(wanted), wanted);
  }

  /** The next older node with the same hash. */
  int next(int node) {
    return matching(next[node], hash[node]);
  }

  /** Reads what a search reads of a node; what it returns means nothing. */
  long read(int node) {
    return hash[node] + next[node];
  }

  long hash(int node) {
    return hash[node];
  }

  void add(int node, long nodeHash) {
    int bucket = bucket(nodeHash);
    int after = first[bucket];
    hash[node] = nodeHash;
    next[node] = after;
    previous[node] = NONE;
    previous[after] = node;
    first[bucket] = node;
  }

  void remove(int node) {
    int after = next[node];
    int before = previous[node];
    previous[after] = before;
    if (before == NONE) {
      first[bucket(hash[node])] = after;
    } else {
      next[before] = after;
    }
  }

  private int matching(int start, long wanted) {
    int node = start;
    while (node != NONE && hash[node] != wanted) {
      node = next[node];
    }
    return node;
  }

  private int bucket(long nodeHash) {
    return (int) nodeHash & (first.length - 1);
  }
}
