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

  /** Log-probability of the token added last to the row, before temperature and masks. */
  public void setLogprob(int row, float logprob) {
    tokenLogprobs[lastTokenAt(row)] = logprob;
  }

  /** Alternative number {@code rank} (from 0, most likely first) beside the row's last token. */
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

  /** Nothing of the step can be trusted. */
  public void failStep() {
    outcome = Outcome.FAILED;
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

  // ---- the scheduler's side

  /** Id of the step, or {@link #TRANSFERS_ONLY}. */
  public long stepId() {
    return stepId;
  }

  public Outcome outcome() {
    return outcome;
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
