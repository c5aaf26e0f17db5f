package dev.weft.testkit;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decoding sequences about whose draft lengths a {@link DraftLengthPolicy} decides, step by step,
 * without scheduler, drafter and executor: how many drafts are proposed and accepted, and how long
 * a step takes, is up to a {@link Device}. What a policy sees is what a scheduler would show it.
 * Nothing is allocated in a step, so that a policy's own garbage can be measured.
 */
public final class DraftLengthRun {
  private final SchedulerLimits limits;
  private final DraftLengthPolicy policy;
  private final Device device;
  private final Lengths lengths = new Lengths();
  private final Feedback feedback = new Feedback();
  private final @Nullable DraftedSequence[] byHandle;
  private final DraftedSequence[] rows;
  private int numRows;
  private int numWaiting;
  private long stepId;
  private long nowNanos;
  private long deviceNanos;
  private long numOutputTokens;
  private long numDraftTokens;

  /** Sequences begin and end by {@link #begin} and {@link #end}. */
  public DraftLengthRun(SchedulerLimits limits, DraftLengthPolicy policy, Device device) {
    this.limits = limits;
    this.policy = policy;
    this.device = device;
    byHandle = new DraftedSequence[limits.maxNumHandles()];
    rows = new DraftedSequence[limits.maxNumHandles()];
  }

  /** A sequence whose prompt is computed and whose first token was sampled; its handle is free. */
  public void begin(int handle, long requestId, int numPromptTokens, int maxNumDraftTokens,
      RequestHints hints) {
    DraftedSequence sequence =
        new DraftedSequence(handle, requestId, numPromptTokens, maxNumDraftTokens, hints);
    byHandle[handle] = sequence;
    rows[numRows++] = sequence;
  }

  /** The sequence ends, and the policy is told. */
  public void end(int handle) {
    DraftedSequence sequence = of(handle);
    int row = 0;
    while (rows[row] != sequence) {
      row++;
    }
    System.arraycopy(rows, row + 1, rows, row, --numRows - row);
    byHandle[handle] = null;
    policy.onFinish(sequence);
  }

  /** So many sequences wait from now on. */
  public void setWaiting(int value) {
    numWaiting = value;
  }

  /** The policy decides, the device computes, the policy hears of it. */
  public void step() {
    policy.choose(lengths);
    for (int row = 0; row < numRows; row++) {
      DraftedSequence sequence = rows[row];
      int numOutput = sequence.numTokens - sequence.numPromptTokens;
      sequence.numDrafts =
          device.numProposed(sequence.requestId, numOutput, sequence.length);
      sequence.numAccepted =
          device.numAccepted(sequence.requestId, numOutput, sequence.numDrafts);
      numDraftTokens += sequence.numDrafts;
      numOutputTokens += sequence.numAccepted + 1;
    }
    deviceNanos = device.nanos(this);
    nowNanos += deviceNanos + device.draftNanos(this);
    stepId++;
    for (int row = 0; row < numRows; row++) {
      rows[row].numTokens += rows[row].numAccepted + 1;
    }
    policy.onStep(feedback);
  }

  /** Sequences that decode. */
  public int numSequences() {
    return numRows;
  }

  /** Handle of the sequence in a row, 0 to {@code numSequences() - 1}. */
  public int handle(int row) {
    return rows[row].handle();
  }

  /** Drafts that the policy wanted last. */
  public int length(int handle) {
    return of(handle).length;
  }

  /** Drafts of the last step. */
  public int numDrafts(int handle) {
    return of(handle).numDrafts;
  }

  /** Prompt and output. */
  public int numTokens(int handle) {
    return of(handle).numTokens;
  }

  /** Tokens gained since the beginning, by all. */
  public long numOutputTokens() {
    return numOutputTokens;
  }

  /** Drafts verified since the beginning, of all. */
  public long numDraftTokens() {
    return numDraftTokens;
  }

  /** Time that all steps have taken. */
  public long nowNanos() {
    return nowNanos;
  }

  private DraftedSequence of(int handle) {
    return Objects.requireNonNull(byHandle[handle], "no sequence has this handle");
  }

  /** What drafter and executor do. */
  public interface Device {
    /**
     * Drafts that the drafter comes up with.
     *
     * @param numOutputTokens sampled so far, 1 or more
     * @param numWanted       0 or more
     * @return 0 to {@code numWanted}
     */
    default int numProposed(long requestId, int numOutputTokens, int numWanted) {
      return numWanted;
    }

    /** Drafts accepted, 0 to {@code numDrafts}. */
    int numAccepted(long requestId, int numOutputTokens, int numDrafts);

    /** Time of the step, whose lengths and drafts are known but whose tokens are not yet added. */
    long nanos(DraftLengthRun step);

    /** Time that drafting took before it, which no device measures. */
    default long draftNanos(DraftLengthRun step) {
      return 0;
    }
  }

  private final class Lengths implements DraftLengths {
    @Override public int numSequences() {
      return numRows;
    }

    @Override public SequenceView sequence(int index) {
      return rows[index];
    }

    @Override public int maxNumDraftTokens(int index) {
      return Math.min(limits.maxNumDraftTokens(), rows[index].maxNumDraftTokens);
    }

    @Override public int draftLength(int index) {
      return rows[index].length;
    }

    @Override public void set(int index, int numDraftTokens) {
      if (numDraftTokens < 0 || numDraftTokens > maxNumDraftTokens(index)) {
        throw new IllegalArgumentException("request " + rows[index].requestId + ": length is "
            + numDraftTokens + ", must be 0 to " + maxNumDraftTokens(index));
      }
      rows[index].length = numDraftTokens;
    }

    @Override public int numRunning() {
      return numRows;
    }

    @Override public int numWaiting() {
      return numWaiting;
    }

    @Override public int maxNumBatchedTokens() {
      return limits.maxNumBatchedTokens();
    }

    @Override public SchedulerLimits limits() {
      return limits;
    }

    @Override public long nowNanos() {
      return nowNanos;
    }
  }

  private final class Feedback implements StepFeedback {
    @Override public long stepId() {
      return stepId;
    }

    @Override public long deviceNanos() {
      return deviceNanos;
    }

    @Override public int numRows() {
      return numRows;
    }

    @Override public boolean isLive(int row) {
      return true;
    }

    @Override public SequenceView sequence(int row) {
      return rows[row];
    }

    @Override public int numComputedTokens(int row) {
      return 1 + rows[row].numDrafts;
    }

    @Override public int numSampledTokens(int row) {
      return 1 + rows[row].numAccepted;
    }

    @Override public int numDraftTokens(int row) {
      return rows[row].numDrafts;
    }

    @Override public int numAcceptedTokens(int row) {
      return rows[row].numAccepted;
    }
  }
}
