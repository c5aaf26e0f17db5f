package dev.weft.pagedkv;

/**
 * Chained 64-bit hash of token blocks: two ids for each multiplication. It only chooses a bucket,
 * so no quality of it is needed for correctness.
 */
final class BlockHash {
  private static final long MULTIPLIER = 0xD6E8FEB86659FD93L;

  private BlockHash() {}

  static long mix(long hash, long value) {
    long mixed = (hash ^ value) * MULTIPLIER;
    return mixed ^ (mixed >>> 32);
  }

  /** Hash of the block of tokens at an offset that continues a prefix with the given hash. */
  static long of(long prefixHash, int[] tokens, int offset, int blockSize) {
    long hash = prefixHash;
    int last = offset + blockSize - 1;
    int at = offset;
    for (; at < last; at += 2) {
      hash = mix(hash, ((long) tokens[at] << 32) | (tokens[at + 1] & 0xFFFF_FFFFL));
    }
    return at > last ? hash : mix(hash, tokens[at]);
  }
}
