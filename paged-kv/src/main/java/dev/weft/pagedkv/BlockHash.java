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

  /** Hash of a block of tokens that continues a prefix with the given hash. */
  static long of(long parentHash, int[] tokens) {
    long hash = parentHash;
    int even = tokens.length & ~1;
    for (int i = 0; i < even; i += 2) {
      hash = mix(hash, ((long) tokens[i] << 32) | (tokens[i + 1] & 0xFFFF_FFFFL));
    }
    return even == tokens.length ? hash : mix(hash, tokens[even]);
  }
}
