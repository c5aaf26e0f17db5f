package dev.weft.batching;

import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.StepResult;

/**
 * Is told of everything that comes into a scheduler from outside and can change a decision, in
 * order and before it takes effect. Equal inputs give equal plans, so whoever keeps them can repeat
 * the run; a {@link dev.weft.schedulerapi.SchedulerListener} hears what was decided.
 *
 * <p>Calls that are refused because of their arguments, and change nothing, are not told. Called on
 * the scheduler thread, often once for each row, so it must be quick; it must not call the
 * scheduler and must not throw.
 *
 * <p>Not among the inputs, because the scheduler does not see them: what the host does to the KV
 * cache itself (pins), and what a policy reads beside the facts it is given.
 */
public interface InputListener {
  /** Ignores everything. */
  InputListener NONE = new InputListener() {};

  /** What a token mask answered. */
  enum MaskAnswer {
    /** It filled in its words. */
    READY,
    /** It cannot say yet. */
    NOT_READY,
    /** It threw an exception. */
    FAILED
  }

  /**
   * A request that could wait is about to be shown to the policy. When that accepts it, {@code
   * SchedulerListener.onAdd} comes next.
   *
   * @param seed the one asked for, or the one derived for it
   */
  default void onAdd(Request request, long seed, long nowNanos) {}

  /** All samples of a request are to end; perhaps none of that id lives. */
  default void onAbort(long requestId, long nowNanos) {}

  /** A live sample is to end with so many tokens. */
  default void onStop(long requestId, int sampleIndex, int numTokensKept, long nowNanos) {}

  /** A blocked request is to be blocked no longer. */
  default void onUnblock(long requestId) {}

  /** A step is to be planned. */
  default void onPlan(long nowNanos) {}

  /** A mask was asked, while a step is planned. */
  default void onMask(MaskAnswer answer) {}

  /** A result that passed the checks is to be applied; or it reports transfers alone. */
  default void onUpdate(StepResult result, long nowNanos) {}

  /** Drafts are to be made for the sequences sampled last, of whom there are some. */
  default void onDraft(long nowNanos) {}

  /**
   * A sequence is to get another number of drafts than before.
   *
   * @param index of the sequence in the list for policies of draft lengths
   */
  default void onDraftLength(int index, int numDraftTokens) {}

  /**
   * Draft tokens are to be verified with the next row.
   *
   * @param index  of the sequence in the batch for drafters
   * @param drafts those taken, none when they were refused; valid during the call
   */
  default void onDrafts(int index, long requestId, int sampleIndex, Drafts drafts) {}

  /** The executor died. */
  default void onExecutorDead(DeadExecutorMode mode, long nowNanos) {}

  /** What is held back from now on; NONE when a pause ends. */
  default void onPause(PauseMode mode) {}

  /** Other caps, which were checked. */
  default void onCaps(LiveCaps caps) {}

  /** The prefix cache is to be forgotten; perhaps that is refused. */
  default void onResetPrefixCache(boolean preemptRunning, long nowNanos) {}

  /** Everything is to end. */
  default void onShutDown(long nowNanos) {}
}
