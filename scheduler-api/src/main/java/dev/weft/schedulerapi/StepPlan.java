package dev.weft.schedulerapi;

/**
 * One forward pass as plain numbers: what changes on the device before it, and for each row which
 * tokens of which sequence to compute. Owned by the scheduler and frozen from the end of planning
 * until its result is applied; then the arrays behind it are used again.
 *
 * <p>An executor carries a plan out in this order: detach slots, attach slots, write block tables,
 * copy blocks in list order, then the forward pass, in which for every layer all KV entries of all
 * rows are written before any attention reads, then sampling. Plans take effect as if one after
 * another in the order of their ids.
 */
public interface StepPlan {
  /** Ascending by one, from 1, over the plans that are not empty. */
  long stepId();

  /**
   * True when there is nothing to do: neither a row nor a change of slots. An empty plan is neither
   * submitted nor applied.
   */
  boolean isEmpty();

  // ---- slots

  int numDetached();

  /** A slot that its sequence gave up. */
  int detachedSlot(int index);

  int numAttached();

  /** A slot that belongs to another sequence from now on. */
  int attachedSlot(int index);

  long attachedRequestId(int index);

  int attachedSampleIndex(int index);

  /** How this slot samples; immutable, may be kept. */
  SamplingParameters attachedSampling(int index);

  /** Key of the random numbers of this slot; see {@link SequenceSeed}. */
  long attachedSeed(int index);

  /** Length of the prompt: tokens from this position on are output. */
  int attachedNumPromptTokens(int index);

  /** Adapter number, 0 for none. */
  int attachedAdapterId(int index);

  /**
   * Known tokens of the sequence, from position 0 on; 0 when its parameters ask for no penalties,
   * which are all that a device needs them for. The last ones may be computed in this plan.
   */
  int attachedNumTokens(int index);

  /** Known token of the attached sequence, position 0 to {@code attachedNumTokens(index) - 1}. */
  int attachedToken(int index, int position);

  // ---- block tables and blocks

  int numTableWrites();

  int tableWriteSlot(int index);

  /** Position in the slot's block table, from 0. */
  int tableWriteIndex(int index);

  /** Block id, 1 or more. */
  int tableWriteBlock(int index);

  int numBlockCopies();

  /** Whole blocks are copied, one copy after another in list order. */
  int copySource(int index);

  int copyTarget(int index);

  // ---- rows

  int numRows();

  /** Sum of the rows' tokens. */
  int numTokens();

  int slot(int row);

  long requestId(int row);

  int sampleIndex(int row);

  /**
   * Position of the first token to compute: at most the positions that the slot has computed
   * before. Where it is less, what was computed behind it is forgotten, as a draft model does that
   * takes back tokens; a scheduler plans every position once.
   */
  int startPosition(int row);

  /** Tokens of the row, drafts included, 1 or more. */
  int numTokens(int row);

  /** How many of the row's tokens, the last ones, are drafts. */
  int numDraftTokens(int row);

  /**
   * True when the row's drafts are a tree. Then the cache still holds them one behind the other, at
   * {@code startPosition + offset}, but each sees only the known tokens, its ancestors and itself,
   * and stands at the position behind its parent. When the row is sampled, the entries of accepted
   * drafts move to the positions where they stand; those of rejected ones are never seen again.
   */
  default boolean hasDraftTree(int row) {
    return false;
  }

  /**
   * The draft that a draft follows, less than its own index, or -1 when it follows the last known
   * token. Drafts of one parent are different tokens.
   *
   * @param draft 0 to {@code numDraftTokens(row) - 1}
   */
  default int draftParent(int row, int draft) {
    return draft - 1;
  }

  /**
   * Tokens of the distribution that a draft was drawn from, given that its earlier siblings were
   * not drawn again; 0 when the drafter was certain of it. Only {@link Verification#REJECTION}
   * reads it.
   */
  default int numDraftChoices(int row, int draft) {
    return 0;
  }

  /** A token of that distribution, {@code index} 0 to {@code numDraftChoices(row, draft) - 1}. */
  default int draftChoice(int row, int draft, int index) {
    throw new IndexOutOfBoundsException(index);
  }

  /** Its probability, above 0; they sum to 1. */
  default float draftProbability(int row, int draft, int index) {
    throw new IndexOutOfBoundsException(index);
  }

  /** True when the row's drafts are placeholders, to be rejected; {@link #token} is -1 there. */
  boolean hasPlaceholders(int row);

  /** True when the row reaches the last token of its sequence, so that it must be sampled. */
  boolean isSampled(int row);

  /**
   * True when the id of the row's first token is the one that this slot sampled last, still on the
   * device; {@link #token} is -1 there.
   */
  boolean isFirstTokenOnDevice(int row);

  /**
   * Id of a token of the row, {@code offset} 0 to {@code numTokens(row) - 1}; -1 where the host
   * does not know it: for a token on the device, and for placeholders.
   */
  int token(int row, int offset);

  /** True when only the tokens of {@link #maskWord} may be sampled. */
  boolean hasMask(int row);

  /**
   * Bit {@code t % 64} of word {@code t / 64} permits token {@code t}; only where {@link #hasMask}.
   *
   * @param index 0 for the token behind the last known one, {@code 1 + draft} for the one behind
   *     that draft. A scheduler drafts only what the mask before it permits; except a draft with
   *     choices, which may be forbidden: it was drawn, so the verification must know of it
   */
  long maskWord(int row, int index, int wordIndex);

  // ---- reports

  /** Sequences that lost their blocks since the last plan that was not empty, in that order. */
  int numPreempted();

  /** The sequence's request; once for each of its samples. */
  long preemptedRequestId(int index);

  /** Sequences that ended since the last plan that was not empty, in that order. */
  int numReleased();

  /** The sequence's request; once for each of its samples. */
  long releasedRequestId(int index);
}
