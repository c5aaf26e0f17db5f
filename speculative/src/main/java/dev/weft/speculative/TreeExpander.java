package dev.weft.speculative;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;

/**
 * Says which tokens are likely behind the nodes of draft trees: heads on the hidden states of the
 * target, such as those of Medusa (Cai et al., ICML 2024) and EAGLE (Li et al., ICML 2024), or a
 * draft model ({@link ModelExpander}). A {@link TreeDrafter} asks it level by level, for all
 * sequences at once, and builds the trees.
 *
 * <p>Hidden states never leave an executor. A head keeps its own by handle and node id; a Medusa
 * head, which gives one list for each depth, answers all nodes of a level alike.
 *
 * <p>As a drafter it may be slow: then it gives no children, which ends the trees; or throw: then
 * the step has no drafts.
 */
public interface TreeExpander extends AutoCloseable {
  /** Most levels below the root, 1 or more. */
  int maxDepth();

  /** Most nodes of one tree and level that it expands: 1 when it can only follow one path. */
  int maxNumExpanded();

  /** Turns to the sequences of a batch, which the calls of {@link #expand} go on with. */
  void begin(DraftBatch batch);

  /**
   * Adds children to the nodes of a level, as many as are likely; to none where it has nothing to
   * say. Must not keep batch or level.
   */
  void expand(DraftBatch batch, TreeLevel level);

  /** A sequence ended, as in {@link dev.weft.schedulerapi.Drafter#onFinish}. */
  default void onFinish(SequenceView sequence, TokenSequence tokens) {}

  /** Frees what it holds. Idempotent. */
  @Override default void close() {}
}
