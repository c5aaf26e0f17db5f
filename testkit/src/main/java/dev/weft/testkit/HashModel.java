package dev.weft.testkit;

import dev.weft.schedulerapi.SamplingParameters;
import org.jspecify.annotations.Nullable;

/**
 * A language model as a pure function: the next token is a hash of every token before it, of their
 * positions and of the adapter, and for sampled requests of the seed. Whatever a scheduler does
 * wrong to the context of a sequence becomes a wrong token.
 *
 * <p>It has two layers, like a transformer. The entry of a position is {@code e(p) = mix(token, p,
 * adapter)}, its deep entry {@code f(p) = mix(e(p), fold(e(0) … e(p)))}, and the logits of a
 * context are {@code fold(f(0) … f(p))}. A KV memory holds e and f, so an entry that was computed
 * from a wrong context stays wrong when a right one reads it later. Cost of one token: O(1) in a
 * {@link Context}.
 *
 * <p>Honoured parameters: temperature and seed, top-k of 1 (greedy), stop tokens withheld until
 * minNewTokens, masks, and logit biases of ±100 (ban and force). All others are ignored.
 */
public final class HashModel {
  /** Answer of {@link #choose} when a mask and withheld stop tokens leave nothing. */
  public static final int NOTHING_PERMITTED = -1;

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private static final float FORCE = 100;

  private final int vocabularySize;

  /** A model whose token ids are 0 to {@code vocabularySize}, exclusive. */
  public HashModel(int vocabularySize) {
    this.vocabularySize = vocabularySize;
  }

  public int vocabularySize() {
    return vocabularySize;
  }

  /** What the first layer keeps of a token. */
  public static long entry(int token, int position, int adapterId) {
    return mix(mix(token * GOLDEN_GAMMA + position) + adapterId);
  }

  /**
   * What the second layer keeps of a token; {@code folded} are the entries up to and with its own.
   */
  public static long deepEntry(long entry, long folded) {
    return mix(entry + mix(folded));
  }

  /** Adds one entry to the fold of all entries before it; the fold of nothing is 0. */
  public static long fold(long folded, long entry) {
    return mix(folded * GOLDEN_GAMMA + entry);
  }

  /**
   * The token that follows.
   *
   * @param logits          fold of the deep entries of all tokens before {@code position}
   * @param seed            key of the sequence; used only when {@code sampling} draws
   * @param numPromptTokens length of the prompt, from which output is counted
   * @param position        place of the chosen token in its sequence
   * @param mask            bit {@code t % 64} of word {@code t / 64} permits token t; null for all
   * @return a token id, or {@link #NOTHING_PERMITTED}
   */
  public int choose(long logits, SamplingParameters sampling, long seed, int numPromptTokens,
      int position, long @Nullable [] mask) {
    boolean isDrawn = !sampling.isGreedy() && sampling.topK() != 1;
    long hash = isDrawn ? mix(logits + drawKey(sampling, seed, position)) : logits;
    boolean withholdsStops = position - numPromptTokens < sampling.minNewTokens();
    int start = tokenOf(hash);
    int best = NOTHING_PERMITTED;
    int bestPull = Integer.MIN_VALUE;
    int strongestPull = sampling.numBiasedTokens() == 0 ? 0 : 1;
    for (int i = 0; i < vocabularySize && bestPull < strongestPull; i++) {
      int token = (start + i) % vocabularySize;
      boolean isPermitted = (mask == null || (mask[token >> 6] >>> token & 1) != 0)
          && !(withholdsStops && sampling.isStopToken(token));
      if (isPermitted && pull(sampling, token) > bestPull) {
        best = token;
        bestPull = pull(sampling, token);
      }
    }
    return best;
  }

  /** The token of that rank, from 0: most likely first, before temperature, biases and masks. */
  public int topToken(long logits, int rank) {
    return (tokenOf(logits) + rank) % vocabularySize;
  }

  /** A made-up log-probability: below 0, descending with the rank of {@link #topToken}. */
  public float logprob(long logits, int token) {
    int rank = Math.floorMod(token - tokenOf(logits), vocabularySize);
    float fraction = (logits >>> 40) * 0x1p-24f;
    return -0.25f * (rank + 0.5f * fraction) - 0.125f;
  }

  private int tokenOf(long hash) {
    return (int) Long.remainderUnsigned(hash, vocabularySize);
  }

  private static long drawKey(SamplingParameters sampling, long seed, int position) {
    return mix(seed + mix(position * GOLDEN_GAMMA + Float.floatToIntBits(sampling.temperature())));
  }

  /** 1 for a forced token, -1 for a banned one, 0 for all others. */
  private static int pull(SamplingParameters sampling, int token) {
    for (int i = 0; i < sampling.numBiasedTokens(); i++) {
      if (sampling.biasedTokenId(i) == token) {
        return sampling.bias(i) >= FORCE ? 1 : sampling.bias(i) <= -FORCE ? -1 : 0;
      }
    }
    return 0;
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood, Fast Splittable Generators, OOPSLA 2014). */
  static long mix(long value) {
    long z = value + GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The tokens before the next one, folded; grows by one token in O(1). */
  public static final class Context {
    private final int adapterId;
    private int numTokens;
    private long foldedEntries;
    private long foldedDeepEntries;

    /** A context without tokens. */
    public Context(int adapterId) {
      this.adapterId = adapterId;
    }

    public int numTokens() {
      return numTokens;
    }

    /** Puts a token at the next position. */
    public void append(int token) {
      long entry = entry(token, numTokens++, adapterId);
      foldedEntries = fold(foldedEntries, entry);
      foldedDeepEntries = fold(foldedDeepEntries, deepEntry(entry, foldedEntries));
    }

    /** Logits for the token at position {@link #numTokens}. */
    public long logits() {
      return foldedDeepEntries;
    }
  }
}
