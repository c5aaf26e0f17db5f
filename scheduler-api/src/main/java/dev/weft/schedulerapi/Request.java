package dev.weft.schedulerapi;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One generation request, immutable once built: {@code n} samples of the continuation of one
 * prompt. Built by {@link #builder}; only id and prompt are required.
 */
public final class Request {
  /** Value of {@link #deadlineNanos} of a request that never expires. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;
  /** Value of {@link #arrivalNanos} of a request that arrives when it is added. */
  public static final long ARRIVES_WHEN_ADDED = Long.MIN_VALUE;

  private final long id;
  private final int[] promptTokens;
  private final SamplingParameters sampling;
  private final int priority;
  private final String tenant;
  private final String cacheSalt;
  private final int adapterId;
  private final long arrivalNanos;
  private final long deadlineNanos;
  private final RequestHints hints;
  private final boolean skipsCacheRead;
  private final int maxNumDraftTokens;
  private final @Nullable TokenMask tokenMask;
  private final @Nullable BlockReason blockReason;

  private Request(Builder b) {
    id = b.id;
    promptTokens = b.promptTokens;
    sampling = b.sampling;
    priority = b.priority;
    tenant = b.tenant;
    cacheSalt = b.cacheSalt;
    adapterId = b.adapterId;
    arrivalNanos = b.arrivalNanos;
    deadlineNanos = b.deadlineNanos;
    hints = b.hints;
    skipsCacheRead = b.skipsCacheRead;
    maxNumDraftTokens = b.maxNumDraftTokens;
    tokenMask = b.tokenMask;
    blockReason = b.blockReason;
  }

  /**
   * @param id           unique among live requests
   * @param promptTokens token ids, at least one, each 0 or more; copied
   */
  public static Builder builder(long id, int... promptTokens) {
    return new Builder(id, promptTokens);
  }

  /** Unique among live requests. */
  public long id() {
    return id;
  }

  public int numPromptTokens() {
    return promptTokens.length;
  }

  /** The token at a position of the prompt, 0 to {@code numPromptTokens() - 1}. */
  public int promptToken(int position) {
    return promptTokens[position];
  }

  /**
   * Copies {@code numTokens} prompt tokens from {@code position} on into {@code target[offset…]}.
   */
  public void copyPromptTokens(int position, int[] target, int offset, int numTokens) {
    System.arraycopy(promptTokens, position, target, offset, numTokens);
  }

  public SamplingParameters sampling() {
    return sampling;
  }

  /** Smaller is more urgent; default 0. */
  public int priority() {
    return priority;
  }

  /**
   * Who pays; empty for nobody in particular. Shown to policies; does not separate cached prefixes.
   */
  public String tenant() {
    return tenant;
  }

  /** Requests with different salts never share a cached block; empty is a salt like any other. */
  public String cacheSalt() {
    return cacheSalt;
  }

  /** Adapter number, 0 for the plain model; adapters never share a cached block. */
  public int adapterId() {
    return adapterId;
  }

  /** When it arrived on the caller's clock, or {@link #ARRIVES_WHEN_ADDED}. */
  public long arrivalNanos() {
    return arrivalNanos;
  }

  /**
   * A time on the caller's clock: the first step planned at or after it ends the request with
   * {@link FinishReason#DEADLINE}. {@link #NO_DEADLINE} for none.
   */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  public RequestHints hints() {
    return hints;
  }

  /** True when every prompt token must be computed, though a cached prefix exists. */
  public boolean skipsCacheRead() {
    return skipsCacheRead;
  }

  /** Most drafts verified for it in one step; 0 when it must not be drafted. */
  public int maxNumDraftTokens() {
    return maxNumDraftTokens;
  }

  /** Says which tokens may come next; null when all may. */
  public @Nullable TokenMask tokenMask() {
    return tokenMask;
  }

  /** What it waits for before it may run; null when it may run at once. */
  public @Nullable BlockReason blockReason() {
    return blockReason;
  }

  @Override public String toString() {
    return "Request[id=" + id + ", numPromptTokens=" + promptTokens.length + ", priority="
        + priority + ", " + sampling + "]";
  }

  /** Collects the parts of a request. */
  public static final class Builder {
    private final long id;
    private final int[] promptTokens;
    private SamplingParameters sampling = SamplingParameters.builder().build();
    private int priority;
    private String tenant = "";
    private String cacheSalt = "";
    private int adapterId;
    private long arrivalNanos = ARRIVES_WHEN_ADDED;
    private long deadlineNanos = NO_DEADLINE;
    private RequestHints hints = RequestHints.NONE;
    private boolean skipsCacheRead;
    private int maxNumDraftTokens = Integer.MAX_VALUE;
    private @Nullable TokenMask tokenMask;
    private @Nullable BlockReason blockReason;

    private Builder(long id, int[] promptTokens) {
      if (promptTokens.length == 0) {
        throw new IllegalArgumentException(
            "request " + id + ": promptTokens is empty, must hold 1 or more");
      }
      for (int i = 0; i < promptTokens.length; i++) {
        if (promptTokens[i] < 0) {
          throw new IllegalArgumentException("request " + id + ": promptTokens[" + i + "] is "
              + promptTokens[i] + ", must be 0 or more");
        }
      }
      this.id = id;
      this.promptTokens = promptTokens.clone();
    }

    public Builder sampling(SamplingParameters value) {
      sampling = Objects.requireNonNull(value, "sampling");
      return this;
    }

    /** Smaller is more urgent; default 0. */
    public Builder priority(int value) {
      priority = value;
      return this;
    }

    public Builder tenant(String value) {
      tenant = Objects.requireNonNull(value, "tenant");
      return this;
    }

    public Builder cacheSalt(String value) {
      cacheSalt = Objects.requireNonNull(value, "cacheSalt");
      return this;
    }

    /** 0 (none) or more. */
    public Builder adapterId(int value) {
      adapterId = Check.inRange("adapterId", value, 0, Integer.MAX_VALUE);
      return this;
    }

    public Builder arrivalNanos(long value) {
      arrivalNanos = value;
      return this;
    }

    public Builder deadlineNanos(long value) {
      deadlineNanos = value;
      return this;
    }

    public Builder hints(RequestHints value) {
      hints = Objects.requireNonNull(value, "hints");
      return this;
    }

    /** Makes every prompt token be computed again, whatever is cached. */
    public Builder skipCacheRead() {
      skipsCacheRead = true;
      return this;
    }

    /** 0 (never drafted) or more; default: as many as the engine drafts. */
    public Builder maxNumDraftTokens(int value) {
      maxNumDraftTokens = Check.inRange("maxNumDraftTokens", value, 0, Integer.MAX_VALUE);
      return this;
    }

    public Builder tokenMask(TokenMask value) {
      tokenMask = Objects.requireNonNull(value, "tokenMask");
      return this;
    }

    /**
     * Lets it begin as {@link SequenceStatus#BLOCKED}, until the scheduler is told to unblock it.
     */
    public Builder blockedBy(BlockReason value) {
      blockReason = Objects.requireNonNull(value, "blockReason");
      return this;
    }

    public Request build() {
      return new Request(this);
    }
  }
}
