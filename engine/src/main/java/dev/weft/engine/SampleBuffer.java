package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.StepResult;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The output of one sample: written by the loop, read by any number of threads at their own pace,
 * none of whom can hold up the loop.
 *
 * <p>Tokens lie in pages of 256. The loop writes a token, then publishes the count with a release
 * store, once per round; a reader takes the count with an acquire load and may read all tokens
 * below it. Pages are never changed after that and never given back: they live as long as somebody
 * holds the generation. The first page is made by the submitting thread, the others by the loop, 1
 * KiB per 256 tokens.
 */
final class SampleBuffer {
  private static final int PAGE_SIZE = 256;
  private static final int PAGE_SHIFT = 8;
  private static final VarHandle NUM_PUBLISHED;

  static {
    try {
      NUM_PUBLISHED = MethodHandles.lookup()
          .findVarHandle(SampleBuffer.class, "numPublished", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int[][] pages;
  private final @Nullable LogprobBuffer logprobs;
  private int numWritten;
  @SuppressWarnings("unused") // By its handle.
  private int numPublished;
  private int numKept;
  private @Nullable FinishReason unpublishedReason;
  private volatile @Nullable FinishReason reason;

  /**
   * @param maxNumTokens most tokens that will be written
   * @param numLogprobs  alternatives kept with each, {@code SamplingParameters.NO_LOGPROBS} for no
   *                     log-probabilities at all
   */
  SampleBuffer(int maxNumTokens, int numLogprobs) {
    pages = new int[(maxNumTokens + PAGE_SIZE - 1) >> PAGE_SHIFT][];
    pages[0] = new int[Math.min(maxNumTokens, PAGE_SIZE)];
    logprobs = numLogprobs < 0 ? null : new LogprobBuffer(numLogprobs);
  }

  // ---- the loop's side

  void append(int token) {
    int page = numWritten >> PAGE_SHIFT;
    if (pages[page] == null) {
      pages[page] = new int[PAGE_SIZE];
    }
    pages[page][numWritten & (PAGE_SIZE - 1)] = token;
    numWritten++;
  }

  /** Keeps the log-probabilities of the token appended last. */
  void appendLogprobs(StepResult result, int row, int tokenIndex) {
    if (logprobs != null) {
      logprobs.append(result, row, tokenIndex);
    }
  }

  /** The last thing that is written; {@code numTokens} of the tokens before are the answer. */
  void end(FinishReason why, int numTokens) {
    numKept = numTokens;
    unpublishedReason = why;
  }

  /** Shows readers what was written: tokens first, so that who sees the end sees all of them. */
  void publish() {
    NUM_PUBLISHED.setRelease(this, numWritten);
    if (unpublishedReason != reason) {
      reason = unpublishedReason;
    }
  }

  /** Why it ended, for the loop, which need not publish to know; null while it lives. */
  @Nullable FinishReason endReason() {
    return unpublishedReason;
  }

  /** For the loop, which need not publish to know. */
  int numWritten() {
    return numWritten;
  }

  // ---- the readers' side

  /** Why it ended; null while it lives. */
  @Nullable FinishReason reason() {
    return reason;
  }

  /** Tokens that may be read now: after the end, those that are the answer. */
  int numTokens() {
    return reason == null ? (int) NUM_PUBLISHED.getAcquire(this) : numKept;
  }

  int token(int index) {
    int numTokens = (int) NUM_PUBLISHED.getAcquire(this);
    if (index < 0 || index >= numTokens) {
      throw new IndexOutOfBoundsException("output token " + index + " of " + numTokens);
    }
    return pages[index >> PAGE_SHIFT][index & (PAGE_SIZE - 1)];
  }

  int[] tokens() {
    int[] copy = new int[numTokens()];
    for (int begin = 0; begin < copy.length; begin += PAGE_SIZE) {
      System.arraycopy(pages[begin >> PAGE_SHIFT], 0, copy, begin,
          Math.min(PAGE_SIZE, copy.length - begin));
    }
    return copy;
  }

  TokenLogprobs logprobs(int index) {
    int token = token(index); // Checks the index, and that everything written is visible.
    if (logprobs == null) {
      throw new IllegalStateException("numLogprobs of the request is "
          + "SamplingParameters.NO_LOGPROBS, so none were computed");
    }
    return logprobs.get(index, token);
  }
}
