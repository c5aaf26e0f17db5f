package dev.weft.engine.journal;

import org.agrona.collections.Long2LongHashMap;

/**
 * The tokens with which a journal of hashes is repeated. A token is 0, except the last one of a
 * full KV block, which is a number of its own for each different hash, and one that ends an output.
 * So two blocks hold the same tokens exactly when their hashes are equal.
 */
final class Vocabulary {
  private static final int MAX_SIZE = 1 << 24;
  private static final int NUM_SPECIAL = 2;
  private static final int HASH_SIZE = 8;
  private static final int MISSING = -1;
  private final int size;
  private final Long2LongHashMap tokenOfHash = new Long2LongHashMap(MISSING);

  /** @param numBytes of all records: no more than one of eight begins a hash */
  Vocabulary(long numBytes) {
    size = (int) Math.min(MAX_SIZE, numBytes / HASH_SIZE + NUM_SPECIAL);
  }

  /** Tokens are 0 to this, exclusive. */
  int size() {
    return size;
  }

  /** The token that ends an output. */
  int stopToken() {
    return size - 1;
  }

  /** The last token of a block with that hash. */
  int tokenOf(long hash) {
    long known = tokenOfHash.get(hash);
    if (known != MISSING) {
      return (int) known;
    }
    int token = tokenOfHash.size() + 1;
    if (token >= stopToken()) {
      throw new IllegalStateException("the journal has more than " + (size - NUM_SPECIAL)
          + " different blocks, more than token ids to tell them apart");
    }
    tokenOfHash.put(hash, token);
    return token;
  }
}
