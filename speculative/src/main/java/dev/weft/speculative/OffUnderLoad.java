package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import java.util.Objects;

/**
 * Another policy, but no drafts under load: under load the device computes at its limit, and a
 * draft takes the time of somebody's known token. Off when the running or the waiting sequences
 * reach their upper bound, on again when both have come down to their lower one; so it changes at
 * most once for each way of the load through a whole band, however slowly the load goes up and
 * down. Users of vLLM, SGLang and TensorRT-LLM ask for it (2025, 2026). Cost beside the other
 * policy: O(sequences) while off.
 */
public final class OffUnderLoad implements DraftLengthPolicy {
  private final DraftLengthPolicy policy;
  private final Band running;
  private final Band waiting;
  private boolean isOff;

  /**
   * Wraps a policy.
   *
   * @param policy  decides while drafts are on; it hears of every step and end
   * @param running of sequences that hold blocks
   * @param waiting of sequences that wait for admission
   */
  public OffUnderLoad(DraftLengthPolicy policy, Band running, Band waiting) {
    this.policy = Objects.requireNonNull(policy, "policy");
    this.running = Objects.requireNonNull(running, "running");
    this.waiting = Objects.requireNonNull(waiting, "waiting");
  }

  /** True while the load switches drafts off. */
  public boolean isOff() {
    return isOff;
  }

  @Override public void choose(DraftLengths lengths) {
    int numRunning = lengths.numRunning();
    int numWaiting = lengths.numWaiting();
    isOff = isOff
        ? numRunning > running.onAtMost() || numWaiting > waiting.onAtMost()
        : numRunning >= running.offFrom() || numWaiting >= waiting.offFrom();
    if (!isOff) {
      policy.choose(lengths);
      return;
    }
    for (int i = 0; i < lengths.numSequences(); i++) {
      lengths.set(i, 0);
    }
  }

  @Override public void onStep(StepFeedback feedback) {
    policy.onStep(feedback);
  }

  @Override public void onFinish(SequenceView sequence) {
    policy.onFinish(sequence);
  }

  /**
   * Where drafts go off and on again.
   *
   * @param onAtMost on again at so many sequences or fewer, 0 or more
   * @param offFrom  off from so many sequences on, more than {@code onAtMost}
   */
  public record Band(int onAtMost, int offFrom) {
    /** This load never switches drafts off. */
    public static final Band ANY = new Band(Integer.MAX_VALUE - 1, Integer.MAX_VALUE);

    /** Checks the order. */
    public Band {
      if (onAtMost < 0) {
        throw new IllegalArgumentException("onAtMost is " + onAtMost + ", must be 0 or more");
      }
      if (offFrom <= onAtMost) {
        throw new IllegalArgumentException(
            "offFrom is " + offFrom + ", must be more than onAtMost, " + onAtMost);
      }
    }
  }
}
