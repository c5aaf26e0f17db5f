package dev.weft.pagedkv;

import dev.weft.schedulerapi.TokenSequence;

/**
 * The next few blocks of a text, with their hashes, before they are searched or entered in the
 * {@link PrefixTree}.
 *
 * <p>A search in a large tree costs what it waits for memory, and the place where it begins depends
 * on the hash alone. The hash needs the tokens before the block, but no node. So the places of
 * several blocks are read one after another without waiting, and the searches find them in the
 * CPU's caches.
 */
final class BlocksAhead {
  static final int MAX_NUM_BLOCKS = 16;
  private final PrefixTree tree;
  private final int blockSize;
  private final int[] tokens;
  private final long[] hash = new long[MAX_NUM_BLOCKS];
  private final int[] newest = new int[MAX_NUM_BLOCKS];
  /** What was read and is of no use, kept so that the reading is not optimised away. */
  @SuppressWarnings("UnusedVariable") private long read;

  BlocksAhead(PrefixTree tree) {
    this.tree = tree;
    blockSize = tree.blockSize();
    tokens = new int[MAX_NUM_BLOCKS * blockSize];
  }

  /** Takes the blocks of the text from one on that continues a prefix with the given hash. */
  void read(TokenSequence text, int firstBlock, int numBlocks, long hashBefore) {
    text.copyTokens(firstBlock * blockSize, tokens, 0, numBlocks * blockSize);
    long prefixHash = hashBefore;
    for (int i = 0; i < numBlocks; i++) {
      prefixHash = tree.hashBelow(prefixHash, tokens, i * blockSize);
      hash[i] = prefixHash;
    }
    for (int i = 0; i < numBlocks; i++) {
      newest[i] = tree.newestInBucket(hash[i]);
    }
    for (int i = 0; i < numBlocks; i++) {
      read += tree.read(newest[i]);
    }
  }

  /** The child of a node that holds the block, {@code index} from 0, or {@link PrefixTree#NONE}. */
  int child(int node, int index) {
    return tree.child(hash[index], node, tokens, index * blockSize);
  }

  /** Adds the block as a child that is not there yet. */
  int insert(int node, int index) {
    return tree.insert(hash[index], node, tokens, index * blockSize);
  }
}
