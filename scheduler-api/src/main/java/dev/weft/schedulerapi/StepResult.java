package dev.weft.schedulerapi;

import java.util.Arrays;

/**
 * What one step produced. Owned by the caller, filled by the executor in {@link StepExecutor#poll},
 * read by the scheduler, used again for every step. Not thread-safe.
 */
public final class StepResult {
  /** Value of {@link #stepId} of a result that reports transfers alone. */
  public static final long TRANSFERS_ONLY = -1;

  /** How a step ended. */
  public enum Outcome {
    /** It was computed; single rows may still have failed. */
    COMPLETED,
    /** Nothing of it can be trusted; the executor goes on with later steps. */
    FAILED
  }

  private final int maxTokensPerRow;
  private final int maxLogprobs;
  private final int[] tokens;
  private final int[] numTokens;
  private final boolean[] isFailedRow;
  private final float[] tokenLogprobs;
  private final int[] topTokens;
  private final float[] topLogprobs;
  private long stepId = TRANSFERS_ONLY;
  private Outcome outcome = Outcome.COMPLETED;
  private String failureMessage = "";
  private int numRows;
  private long deviceNanos;
  private int[] finishedTransfers = new int[4];
  private int numFinishedTransfers;

  /**
   * @param maxRows           most rows of a step
   * @param maxNumDraftTokens most drafts of a row; a row yields one token more
   * @param maxLogprobs       most alternatives reported with a token
   */
  public StepResult(int maxRows, int maxNumDraftTokens, int maxLogprobs) {
    this.maxLogprobs = maxLogprobs;
    maxTokensPerRow = maxNumDraftTokens + 1;
    int maxTokens = maxRows * maxTokensPerRow;
    tokens = new int[maxTokens];
    numTokens = new int[maxRows];
    isFailedRow = new boolean[maxRows];
    tokenLogprobs = new float[maxTokens];
    topTokens = new int[maxTokens * maxLogprobs];
    topLogprobs = new float[maxTokens * maxLogprobs];
  }

  /** A result that fits every step under these limits. */
  public static StepResult of(SchedulerLimits limits) {
    return new StepResult(limits.maxNumSeqs(), limits.maxNumDraftTokens(),
        SamplingParameters.MAX_NUM_LOGPROBS);
  }

  // ---- the executor's side

  /** Begins the result of a step with {@code numRows} rows, none of which has a token yet. */
  public void reset(long stepId, int numRows) {
    if (numRows < 0 || numRows > numTokens.length) {
      throw new IllegalArgumentException("step " + stepId + ": numRows is " + numRows
          + ", must be 0 to " + numTokens.length);
    }
    this.stepId = stepId;
    this.numRows = numRows;
    outcome = Outcome.COMPLETED;
    failureMessage = "";
    deviceNanos = 0;
    numFinishedTransfers = 0;
    Arrays.fill(numTokens, 0, numRows, 0);
    Arrays.fill(isFailedRow, 0, numRows, false);
  }

  /** Appends one output token to the row: first the accepted drafts, then the sampled token. */
  public void addToken(int row, int token) {
    if (row >= numRows || numTokens[row] == maxTokensPerRow) {
      throw new IllegalStateException("step " + stepId + " row " + row + " of " + numRows
          + ": token " + numTokens[row] + " of " + maxTokensPerRow);
    }
    int at = row * maxTokensPerRow + numTokens[row]++;
    tokens[at] = token;
    tokenLogprobs[at] = Float.NaN;
    Arrays.fill(topTokens, at * maxLogprobs, (at + 1) * maxLogprobs, -1);
  }

  /**
   * Log-probability of the token added last to the row: the log-softmax, over the whole vocabulary,
   * of the logits as the model gave them, before penalties, bias, temperature and masks.
   */
  public void setLogprob(int row, float logprob) {
    tokenLogprobs[lastTokenAt(row)] = logprob;
  }

  /**
   * Alternative number {@code rank} (from 0, most likely first) beside the row's last token, by the
   * same log-probabilities as {@link #setLogprob}; ranks are set in ascending order.
   */
  public void setTopLogprob(int row, int rank, int token, float logprob) {
    if (rank < 0 || rank >= maxLogprobs) {
      throw new IllegalStateException("step " + stepId + " row " + row + ": alternative "
          + rank + " of " + maxLogprobs);
    }
    int at = lastTokenAt(row) * maxLogprobs + rank;
    topTokens[at] = token;
    topLogprobs[at] = logprob;
  }

  private int lastTokenAt(int row) {
    if (row >= numRows || numTokens[row] == 0) {
      throw new IllegalStateException("step " + stepId + " row " + row + " of " + numRows
          + " has no token yet");
    }
    return row * maxTokensPerRow + numTokens[row] - 1;
  }

  /** The row's logits were no numbers: its sequence ends with {@link FinishReason#ERROR}. */
  public void failRow(int row) {
    if (row >= numRows) {
      throw new IllegalStateException("step " + stepId + " row " + row + " of " + numRows);
    }
    isFailedRow[row] = true;
  }

  /**
   * Nothing of the step can be trusted.
   *
   * @param message what went wrong, for people to read
   */
  public void failStep(String message) {
    outcome = Outcome.FAILED;
    failureMessage = message;
  }

  /** Time that the device spent. */
  public void setDeviceNanos(long nanos) {
    deviceNanos = nanos;
  }

  /** Reports that an asynchronous transfer completed. */
  public void addFinishedTransfer(int transferId) {
    if (numFinishedTransfers == finishedTransfers.length) {
      finishedTransfers = Arrays.copyOf(finishedTransfers, 2 * numFinishedTransfers);
    }
    finishedTransfers[numFinishedTransfers++] = transferId;
  }

  /**
   * Becomes a copy of another result, which may have been made for other limits.
   *
   * @throws IllegalArgumentException when this has no room for what the other one holds; nothing
   *     was changed
   */
  public void copyFrom(StepResult other) {
    int numTops = Math.min(maxLogprobs, other.maxLogprobs);
    for (int row = 0; row < other.numRows; row++) {
      checkRoom(other, row, numTops);
    }
    reset(other.stepId, other.numRows);
    outcome = other.outcome;
    failureMessage = other.failureMessage;
    deviceNanos = other.deviceNanos;
    for (int row = 0; row < numRows; row++) {
      copyRow(other, row, numTops);
    }
    for (int i = 0; i < other.numFinishedTransfers; i++) {
      addFinishedTransfer(other.finishedTransfers[i]);
    }
  }

  private void checkRoom(StepResult other, int row, int numTops) {
    int numOthers = other.numTokens[row];
    if (numOthers > maxTokensPerRow) {
      throw new IllegalArgumentException("step " + other.stepId + " row " + row + ": " + numOthers
          + " tokens of " + maxTokensPerRow);
    }
    for (int i = 0; i < numOthers; i++) {
      if (numTops < other.maxLogprobs && other.topToken(row, i, numTops) >= 0) {
        throw new IllegalArgumentException("step " + other.stepId + " row " + row
            + ": more than " + maxLogprobs + " alternatives");
      }
    }
  }

  private void copyRow(StepResult other, int row, int numTops) {
    isFailedRow[row] = other.isFailedRow[row];
    for (int i = 0; i < other.numTokens[row]; i++) {
      int from = row * other.maxTokensPerRow + i;
      int to = row * maxTokensPerRow + i;
      addToken(row, other.tokens[from]);
      tokenLogprobs[to] = other.tokenLogprobs[from];
      from *= other.maxLogprobs;
      to *= maxLogprobs;
      System.arraycopy(other.topTokens, from, topTokens, to, numTops);
      System.arraycopy(other.topLogprobs, from, topLogprobs, to, numTops);
    }
  }

  // ---- the scheduler's side

  /** Id of the step, or {@link #TRANSFERS_ONLY}. */
  public long stepId() {
    return stepId;
  }

  public Outcome outcome() {
    return outcome;
  }

  /** Why the step failed; empty when it completed. */
  public String failureMessage() {
    return failureMessage;
  }

  public int numRows() {
    return numRows;
  }

  /** Output tokens of the row: 0 when it was not sampled, else 1 + accepted drafts. */
  public int numTokens(int row) {
    return numTokens[row];
  }

  public int token(int row, int index) {
    return tokens[row * maxTokensPerRow + index];
  }

  /** Log-probability of an output token; NaN when it was not asked for. */
  public float logprob(int row, int index) {
    return tokenLogprobs[row * maxTokensPerRow + index];
  }

  /** The alternative of that rank beside an output token; -1 when it was not asked for. */
  public int topToken(int row, int index, int rank) {
    return topTokens[(row * maxTokensPerRow + index) * maxLogprobs + rank];
  }

  /** Log-probability of {@link #topToken}. */
  public float topLogprob(int row, int index, int rank) {
    return topLogprobs[(row * maxTokensPerRow + index) * maxLogprobs + rank];
  }

  public boolean isFailedRow(int row) {
    return isFailedRow[row];
  }

  public long deviceNanos() {
    return deviceNanos;
  }

  public int numFinishedTransfers() {
    return numFinishedTransfers;
  }

  public int finishedTransfer(int index) {
    return finishedTransfers[index];
  }
}
