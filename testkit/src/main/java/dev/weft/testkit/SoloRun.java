package dev.weft.testkit;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SequenceSeed;
import dev.weft.schedulerapi.TokenMask;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One sample of a request, run on {@link HashModel} alone: what it must say however it was
 * scheduled. Grows by one output token in O(1), masks apart.
 *
 * <p>A token mask of the request is asked as well, until it is ready: it must be a function of the
 * tokens.
 */
public final class SoloRun {
  /** So often a mask may say that it is not ready. */
  private static final int MAX_NUM_MASK_CALLS = 1000;

  private final HashModel model;
  private final Request request;
  private final int sampleIndex;
  private final long seed;
  private final int maxNumTokens;
  private final HashModel.Context context;
  private int[] tokens;
  private @Nullable FinishReason reason;

  /**
   * @param requestSeed the request's own seed, or the one derived for it
   */
  public SoloRun(HashModel model, Request request, int sampleIndex, long requestSeed,
      int maxModelLen) {
    this.model = model;
    this.request = request;
    this.sampleIndex = sampleIndex;
    seed = SequenceSeed.ofSample(requestSeed, sampleIndex);
    long longest = (long) request.numPromptTokens() + request.sampling().maxNewTokens();
    maxNumTokens = (int) Math.min(longest, maxModelLen);
    context = new HashModel.Context(request.adapterId());
    tokens = new int[request.numPromptTokens()];
    request.copyPromptTokens(0, tokens, 0, tokens.length);
    Arrays.stream(tokens).forEach(context::append);
  }

  public int numOutputTokens() {
    return context.numTokens() - request.numPromptTokens();
  }

  /** Why it has ended; null while it goes on. */
  public @Nullable FinishReason reason() {
    return reason;
  }

  /**
   * The next output token; only while there is no {@link #reason}.
   *
   * @return a token id, or -1 when it ends with ERROR, because its mask permits nothing
   */
  public int next() {
    int position = context.numTokens();
    int token = model.choose(context.logits(), request.sampling(), seed, request.numPromptTokens(),
        position, mask());
    if (token == HashModel.NOTHING_PERMITTED) {
      reason = FinishReason.ERROR;
      return token;
    }
    context.append(token);
    if (tokens.length == position) {
      tokens = Arrays.copyOf(tokens, 2 * position);
    }
    tokens[position] = token;
    if (request.sampling().isStopToken(token)
        && numOutputTokens() >= request.sampling().minNewTokens()) {
      reason = FinishReason.STOP;
    } else if (position + 1 >= maxNumTokens) {
      reason = FinishReason.LENGTH;
    }
    return token;
  }

  /** Runs to the end and returns the whole output. */
  public int[] complete() {
    while (reason == null) {
      next();
    }
    return Arrays.copyOfRange(tokens, request.numPromptTokens(), context.numTokens());
  }

  private long @Nullable [] mask() {
    TokenMask mask = request.tokenMask();
    if (mask == null) {
      return null;
    }
    for (int i = 0; i < MAX_NUM_MASK_CALLS; i++) {
      long[] words = new long[(model.vocabularySize() + 63) / 64];
      if (mask.fill(new Known(), sampleIndex, words)) {
        return words;
      }
    }
    throw new IllegalStateException("request " + request.id() + ": its mask was not ready after "
        + MAX_NUM_MASK_CALLS + " calls");
  }

  /** The tokens so far, for the mask. */
  private final class Known implements TokenSequence {
    @Override public int numTokens() {
      return context.numTokens();
    }

    @Override public int token(int position) {
      return tokens[position];
    }

    @Override public void copyTokens(int position, int[] target, int offset, int numTokens) {
      System.arraycopy(tokens, position, target, offset, numTokens);
    }
  }
}
