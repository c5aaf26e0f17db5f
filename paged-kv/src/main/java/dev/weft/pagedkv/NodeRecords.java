package dev.weft.pagedkv;

/**
 * The numbers of the nodes of a {@link PrefixTree}: 64 bytes of links and counts for each, then its
 * tokens. Each part has the fields of one class.
 *
 * <pre>
 *   key  parent far child siblings index | hash bucket | blocks | hits rank | tokens
 *   PrefixTree                             PrefixBuckets  NodeBlocks  PrefixCache
 * </pre>
 */
final class NodeRecords {
  static final int KEY = 0; // Two ints.
  static final int HASH = 2; // Two ints.
  static final int PARENT = 4;
  static final int FAR_ANCESTOR = 5;
  static final int FIRST_CHILD = 6;
  static final int NEXT_SIBLING = 7;
  static final int PREVIOUS_SIBLING = 8;
  static final int BLOCK_INDEX = 9;
  static final int NEXT_IN_BUCKET = 10;
  static final int PREVIOUS_IN_BUCKET = 11;
  static final int FIRST_BLOCK = 12;
  static final int LAST_BLOCK = 13;
  static final int NUM_HITS = 14;
  /** The largest rank among the children that became idle. */
  static final int CHILD_RANK = 15;
  static final int TOKENS = 16;

  private NodeRecords() {}

  /** Records of nodes 0, which is none, to {@code maxNumNodes}. */
  static IntRecords create(int maxNumNodes, int blockSize) {
    return new IntRecords(maxNumNodes + 1, TOKENS + blockSize);
  }
}
