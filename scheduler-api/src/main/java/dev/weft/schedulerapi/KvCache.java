package dev.weft.schedulerapi;

/**
 * KV blocks of sequences and the index of cached prefixes: pure book-keeping, no KV entry is
 * touched. A sequence is named by its handle ({@link SequenceView#handle}). Methods that can be
 * refused change nothing when they are, statistics included. Single-threaded; nothing allocates
 * after warm-up.
 *
 * <p>Life of a sequence: {@link #open}, then {@link #match} and {@link #reserve}, {@link #commit}
 * in each step, {@link #release} when it is preempted (it may reserve again), {@link #close} at its
 * end.
 */
public interface KvCache {
  /** What the blocks hold. */
  KvLayout layout();

  /** Blocks that can be handed out: the pool without the null block. */
  int numBlocks();

  /** Blocks that nobody holds, cached or not. */
  int numFreeBlocks();

  /** Free blocks that can be handed out without forgetting a cached prefix. */
  int numUncachedFreeBlocks();

  /** Blocks that nobody holds but a transfer pins; they become free when it completes. */
  int numPendingBlocks();

  // ---- life of a sequence

  /**
   * Starts to keep books for a sequence that holds nothing yet.
   *
   * @param namespace      separates what may share blocks; compared in full
   * @param readsPrefixes  false when it must find nothing
   */
  void open(int sequence, KvNamespace namespace, boolean readsPrefixes);

  /**
   * Length in tokens, a multiple of the block size and shorter than {@code numTokens}, of the
   * longest cached prefix. Changes no book. Resumable: what was matched before is not looked at
   * again while it stays cached. 0 for a sequence that holds blocks.
   */
  int match(int sequence, TokenSequence tokens, int numTokens);

  /**
   * Free blocks that {@link #reserve} with the same arguments would use up: missing blocks, idle
   * cached ones of the last match, and copies of shared blocks that would be written.
   */
  int numBlocksNeeded(int sequence, int startPosition, int numTokens);

  /**
   * Makes the sequence hold blocks for its first {@code numTokens} positions, those from
   * {@code startPosition} on writable by it alone. A sequence that holds nothing adopts its last
   * match, whose length must be {@code startPosition}; of one that holds blocks, a shared block in
   * the writable part is replaced by a copy ({@link #numCopies}).
   *
   * @return false when too few blocks are free
   */
  boolean reserve(int sequence, int startPosition, int numTokens);

  /** Block copies that the last granted {@link #reserve} asks for; valid until the next one. */
  int numCopies();

  int copySource(int index);

  int copyTarget(int index);

  /** Position in the block table of the copied block. */
  int copyTableIndex(int index);

  /**
   * Lets others find the full blocks among the first {@code numTokens} tokens. Their KV entries
   * must be written by a step that runs before that of any reader.
   */
  void commit(int sequence, TokenSequence tokens, int numTokens);

  /**
   * Takes back the commits of blocks that end behind {@code numTokens}.
   *
   * @return false when another sequence holds one of them
   */
  boolean uncommit(int sequence, int numTokens);

  /**
   * Lets a sequence that holds nothing share the blocks of the first {@code numTokens} tokens of
   * another. Both may go on: whoever writes a shared block first gets a copy. Uses no free block.
   */
  void fork(int parent, int child, int numTokens);

  /** Gives back the blocks behind the first {@code numTokens} positions, last one first. */
  void truncate(int sequence, int numTokens);

  /** Gives back all blocks, last one first; the only release path. Nothing when it holds none. */
  void release(int sequence);

  /** Releases and forgets the sequence. */
  void close(int sequence);

  // ---- blocks

  /** Blocks that the sequence holds. */
  int numBlocks(int sequence);

  /** Block id at a position of the sequence's table, 0 to {@code numBlocks(sequence) - 1}. */
  int block(int sequence, int index);

  /** Sequences that hold this block. */
  int numHolders(int block);

  /**
   * Keeps a held block from being reused until {@link #unpin}, also when nobody holds it any more.
   */
  void pin(int block);

  /** True while a {@link #pin} of the block has not been taken back. */
  boolean isPinned(int block);

  /** Takes back one {@link #pin}. */
  void unpin(int block);

  // ---- the prefix cache as a whole

  /**
   * Forgets all cached prefixes.
   *
   * @return false when a sequence holds a block or a transfer pins one
   */
  boolean clearPrefixes();

  /** Blocks that can be found by their content. */
  int numCachedBlocks();

  /** Cached blocks that were forgotten because their memory was needed. */
  long numEvictions();

  /** Told of every block that becomes findable or stops to be; replaces the one before. */
  void setEventListener(KvEventListener listener);

  /**
   * Recounts everything.
   *
   * @throws IllegalStateException naming the invariant that does not hold; cost O(blocks + tables)
   */
  void checkIntegrity();
}
