package dev.weft.pagedkv;

import static dev.weft.pagedkv.NodeRecords.HASH;
import static dev.weft.pagedkv.NodeRecords.NEXT_IN_BUCKET;
import static dev.weft.pagedkv.NodeRecords.PREVIOUS_IN_BUCKET;

/**
 * Hash table of the nodes of a {@link PrefixTree}: nodes whose hash ends in the same bits are
 * chained in both directions, the newest first. There are more buckets than nodes, so a chain is
 * about one node long.
 */
final class PrefixBuckets {
  private static final int NONE = PrefixTree.NONE;
  private final int[] first;
  private final IntRecords nodes;

  PrefixBuckets(IntRecords nodes) {
    this.nodes = nodes;
    first = new int[Math.max(2, 2 * Integer.highestOneBit(nodes.numRecords() - 1))];
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
    return matching(nodes.get(node, NEXT_IN_BUCKET), hash(node));
  }

  long hash(int node) {
    return nodes.getLong(node, HASH);
  }

  void add(int node, long nodeHash) {
    int bucket = bucket(nodeHash);
    int after = first[bucket];
    nodes.setLong(node, HASH, nodeHash);
    nodes.set(node, NEXT_IN_BUCKET, after);
    nodes.set(node, PREVIOUS_IN_BUCKET, NONE);
    if (after != NONE) {
      nodes.set(after, PREVIOUS_IN_BUCKET, node);
    }
    first[bucket] = node;
  }

  void remove(int node) {
    int after = nodes.get(node, NEXT_IN_BUCKET);
    int before = nodes.get(node, PREVIOUS_IN_BUCKET);
    if (after != NONE) {
      nodes.set(after, PREVIOUS_IN_BUCKET, before);
    }
    if (before == NONE) {
      first[bucket(hash(node))] = after;
    } else {
      nodes.set(before, NEXT_IN_BUCKET, after);
    }
  }

  private int matching(int start, long wanted) {
    int node = start;
    while (node != NONE && hash(node) != wanted) {
      node = nodes.get(node, NEXT_IN_BUCKET);
    }
    return node;
  }

  private int bucket(long nodeHash) {
    return (int) nodeHash & (first.length - 1);
  }
}
