package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import java.util.Arrays;

/**
 * A length for each sequence that follows what was accepted of it: the adaptive drafting of SGLang
 * (2026), there one for all sequences of a batch size, here one each. A few lengths are possible,
 * by default 0, 1, 3 and 7. The mean of accepted drafts is smoothed exponentially, a fifth for the
 * newest. After every {@value #STEPS_OF_A_LENGTH} verifications of a length the sequence
 *
 * <ul>
 *   <li>goes down one length, when the mean is at most the lower length less a half (0.5 where the
 *       lower length is 0);
 *   <li>else goes up one, when the mean is above its own length less a half.
 * </ul>
 *
 * <p>Between these marks it stays, so accidental runs do not move it to and fro. It can fall to 0.
 * From there it tries the shortest length again after {@value #STEPS_WITHOUT} steps without drafts,
 * with a mean that has to prove itself. So a length holds for at least {@value
 * #STEPS_OF_A_LENGTH} steps, and 0 for {@value #STEPS_WITHOUT}. A step in which the drafter had
 * nothing to say counts for nobody.
 *
 * <p>It knows neither load nor time: put {@link OffUnderLoad} around it, or use {@link
 * GoodputDraftLength}. Cost O(sequences).
 */
public final class AdaptiveDraftLength implements DraftLengthPolicy {
  /** Verifications before a length can change. */
  static final int STEPS_OF_A_LENGTH = 5;
  /** Steps without drafts before it tries again. */
  static final int STEPS_WITHOUT = 32;
  private static final float NEWEST = 0.2f;
  private static final byte NEW = -1;

  private final int[] candidates;
  /** By handle: which candidate, smoothed accepted drafts, steps since the candidate changed. */
  private byte[] choices = {};
  private float[] means = {};
  private byte[] ages = {};

  /** Lengths 0, 1, 3 and 7. */
  public AdaptiveDraftLength() {
    this(0, 1, 3, 7);
  }

  /**
   * With lengths of one's own.
   *
   * @param candidates rising, 2 to 100 lengths, the first 0: who never stops drafting cannot adapt
   */
  public AdaptiveDraftLength(int... candidates) {
    if (candidates.length < 2 || candidates.length > 100) {
      throw new IllegalArgumentException(
          "candidates has " + candidates.length + " lengths, must have 2 to 100");
    }
    if (candidates[0] != 0) {
      throw new IllegalArgumentException("candidates[0] is " + candidates[0] + ", must be 0");
    }
    for (int i = 1; i < candidates.length; i++) {
      if (candidates[i] <= candidates[i - 1]) {
        throw new IllegalArgumentException("candidates[" + i + "] is " + candidates[i]
            + ", must be more than the one before, " + candidates[i - 1]);
      }
    }
    this.candidates = candidates.clone();
  }

  @Override public void choose(DraftLengths lengths) {
    if (choices.length == 0) {
      int numHandles = lengths.limits().maxNumHandles();
      choices = new byte[numHandles];
      Arrays.fill(choices, NEW);
      means = new float[numHandles];
      ages = new byte[numHandles];
    }
    for (int i = 0; i < lengths.numSequences(); i++) {
      int handle = lengths.sequence(i).handle();
      if (choices[handle] == NEW) {
        begin(handle, candidates.length / 2);
      }
      lengths.set(i, Math.min(candidates[choices[handle]], lengths.maxNumDraftTokens(i)));
    }
  }

  private void begin(int handle, int choice) {
    choices[handle] = (byte) choice;
    means[handle] = candidates[choice] - 1;
    ages[handle] = 0;
  }

  @Override public void onStep(StepFeedback feedback) {
    for (int row = 0; row < feedback.numRows(); row++) {
      if (!feedback.isLive(row) || feedback.numSampledTokens(row) == 0) {
        continue;
      }
      int handle = feedback.sequence(row).handle();
      if (handle < choices.length && choices[handle] != NEW) {
        observe(handle, feedback.numDraftTokens(row), feedback.numAcceptedTokens(row));
      }
    }
  }

  private void observe(int handle, int numDrafts, int numAccepted) {
    if (choices[handle] == 0) {
      if (++ages[handle] == STEPS_WITHOUT) {
        begin(handle, 1);
      }
    } else if (numDrafts > 0) {
      means[handle] += NEWEST * (numAccepted - means[handle]);
      if (++ages[handle] == STEPS_OF_A_LENGTH) {
        ages[handle] = 0;
        move(handle);
      }
    }
  }

  private void move(int handle) {
    int choice = choices[handle];
    float mean = means[handle];
    int lower = candidates[choice - 1];
    if (mean <= (lower == 0 ? 0.5f : lower - 0.5f)) {
      choices[handle]--;
    } else if (choice + 1 < candidates.length && mean > candidates[choice] - 0.5f) {
      choices[handle]++;
    }
  }

  @Override public void onFinish(SequenceView sequence) {
    if (sequence.handle() < choices.length) {
      choices[sequence.handle()] = NEW;
    }
  }
}
