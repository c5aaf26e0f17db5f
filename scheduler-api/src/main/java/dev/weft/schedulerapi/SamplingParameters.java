package dev.weft.schedulerapi;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How the output tokens of one request are chosen. Immutable; made by {@link #builder()},
 * {@link #greedy} or {@link #sampled}.
 *
 * <p>The order in which an executor applies them is part of its numerics contract: penalties, logit
 * bias, mask, stop tokens withheld until {@link #minNewTokens}, temperature, top-k, top-p, min-p,
 * choice.
 */
public final class SamplingParameters {
  /** Most parallel samples of a request. */
  public static final int MAX_NUM_SAMPLES = 128;
  /** Most alternatives that can be reported with every token. */
  public static final int MAX_NUM_LOGPROBS = 20;
  /** Most stop token ids of a request. */
  public static final int MAX_NUM_STOP_TOKENS = 64;
  /** Most biased tokens of a request. */
  public static final int MAX_NUM_BIASED_TOKENS = 1024;
  /** Value of {@link #numLogprobs} when nothing is to be reported. */
  public static final int NO_LOGPROBS = -1;

  private final int maxNewTokens;
  private final int minNewTokens;
  private final int[] stopTokenIds;
  private final float temperature;
  private final int topK;
  private final float topP;
  private final float minP;
  private final float repetitionPenalty;
  private final float presencePenalty;
  private final float frequencyPenalty;
  private final int[] biasedTokenIds;
  private final float[] biases;
  private final @Nullable Long seed;
  private final int numLogprobs;
  private final int numSamples;
  private final Verification verification;

  private SamplingParameters(Builder b) {
    maxNewTokens = b.maxNewTokens;
    minNewTokens = b.minNewTokens;
    stopTokenIds = b.stopTokenIds;
    temperature = b.temperature;
    topK = b.topK;
    topP = b.topP;
    minP = b.minP;
    repetitionPenalty = b.repetitionPenalty;
    presencePenalty = b.presencePenalty;
    frequencyPenalty = b.frequencyPenalty;
    biasedTokenIds = b.logitBias.keySet().stream().mapToInt(Integer::intValue).toArray();
    biases = new float[biasedTokenIds.length];
    for (int i = 0; i < biases.length; i++) {
      biases[i] = Objects.requireNonNull(b.logitBias.get(biasedTokenIds[i]));
    }
    seed = b.seed;
    numLogprobs = b.numLogprobs;
    numSamples = b.numSamples;
    verification = b.verification;
  }

  /** Greedy decoding of at most {@code maxNewTokens} tokens. */
  public static SamplingParameters greedy(int maxNewTokens) {
    return builder().maxNewTokens(maxNewTokens).build();
  }

  /** Sampling at a temperature with a fixed seed, at most {@code maxNewTokens} tokens. */
  public static SamplingParameters sampled(int maxNewTokens, float temperature, long seed) {
    return builder().maxNewTokens(maxNewTokens).temperature(temperature).seed(seed).build();
  }

  public static Builder builder() {
    return new Builder();
  }

  /** A builder that holds these parameters, to build others that differ in a few. */
  public Builder toBuilder() {
    Builder b = new Builder();
    b.maxNewTokens = maxNewTokens;
    b.minNewTokens = minNewTokens;
    b.stopTokenIds = stopTokenIds;
    b.temperature = temperature;
    b.topK = topK;
    b.topP = topP;
    b.minP = minP;
    b.repetitionPenalty = repetitionPenalty;
    b.presencePenalty = presencePenalty;
    b.frequencyPenalty = frequencyPenalty;
    for (int i = 0; i < biases.length; i++) {
      b.logitBias.put(biasedTokenIds[i], biases[i]);
    }
    b.seed = seed;
    b.numLogprobs = numLogprobs;
    b.numSamples = numSamples;
    b.verification = verification;
    return b;
  }

  /** Upper bound on generated tokens of each sample, 1 or more; the length stop. */
  public int maxNewTokens() {
    return maxNewTokens;
  }

  /** Stop tokens cannot be chosen before that many generated tokens, 0 to {@link #maxNewTokens}. */
  public int minNewTokens() {
    return minNewTokens;
  }

  public int numStopTokens() {
    return stopTokenIds.length;
  }

  /**
   * A token id that ends the output with {@link FinishReason#STOP}; it is delivered as the last
   * token.
   */
  public int stopTokenId(int index) {
    return stopTokenIds[index];
  }

  /** True when {@code token} ends the output. Cost O(stop tokens), which are few. */
  public boolean isStopToken(int token) {
    for (int id : stopTokenIds) {
      if (id == token) {
        return true;
      }
    }
    return false;
  }

  /** 0 for greedy decoding, else the divisor of the logits, up to 100. */
  public float temperature() {
    return temperature;
  }

  /** Only the {@code topK} largest logits can be chosen; 0 for all. */
  public int topK() {
    return topK;
  }

  /** Only the smallest set of most likely tokens whose probabilities reach this sum, in (0, 1]. */
  public float topP() {
    return topP;
  }

  /** Only tokens at least that likely relative to the most likely one, in [0, 1]. */
  public float minP() {
    return minP;
  }

  /**
   * Divides positive and multiplies negative logits of tokens seen in prompt or output, in (0, 10].
   */
  public float repetitionPenalty() {
    return repetitionPenalty;
  }

  /** Subtracted from the logits of tokens in the output, in [-2, 2]. */
  public float presencePenalty() {
    return presencePenalty;
  }

  /** Subtracted for each occurrence in the output, in [-2, 2]. */
  public float frequencyPenalty() {
    return frequencyPenalty;
  }

  public int numBiasedTokens() {
    return biasedTokenIds.length;
  }

  /** The biased token ids in ascending order, index 0 to {@code numBiasedTokens() - 1}. */
  public int biasedTokenId(int index) {
    return biasedTokenIds[index];
  }

  /** What is added to the logit of {@link #biasedTokenId}, in [-100, 100]. */
  public float bias(int index) {
    return biases[index];
  }

  /** The seed asked for; null when the scheduler shall derive one from its own seed. */
  public @Nullable Long seed() {
    return seed;
  }

  /**
   * Alternatives reported with each token; 0 for the chosen one alone, {@link #NO_LOGPROBS} for
   * none.
   */
  public int numLogprobs() {
    return numLogprobs;
  }

  /** Parallel samples of the same prompt, 1 to {@link #MAX_NUM_SAMPLES}. */
  public int numSamples() {
    return numSamples;
  }

  /** How drafts are accepted. */
  public Verification verification() {
    return verification;
  }

  public boolean isGreedy() {
    return temperature == 0;
  }

  public boolean hasPenalties() {
    return repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0;
  }

  @Override public String toString() {
    return "SamplingParameters[maxNewTokens=" + maxNewTokens + ", minNewTokens=" + minNewTokens
        + ", stopTokenIds=" + Arrays.toString(stopTokenIds) + ", temperature=" + temperature
        + ", topK=" + topK + ", topP=" + topP + ", minP=" + minP + ", repetitionPenalty="
        + repetitionPenalty + ", presencePenalty=" + presencePenalty + ", frequencyPenalty="
        + frequencyPenalty + ", logitBias=" + biasedTokenIds.length + " tokens, seed=" + seed
        + ", numLogprobs=" + numLogprobs + ", numSamples=" + numSamples + ", verification="
        + verification + "]";
  }

  /** Collects parameters; every setter checks its own range and names field, value and limit. */
  public static final class Builder {
    private int maxNewTokens = 16;
    private int minNewTokens;
    private int[] stopTokenIds = {};
    private float temperature;
    private int topK;
    private float topP = 1;
    private float minP;
    private float repetitionPenalty = 1;
    private float presencePenalty;
    private float frequencyPenalty;
    private final TreeMap<Integer, Float> logitBias = new TreeMap<>();
    private @Nullable Long seed;
    private int numLogprobs = NO_LOGPROBS;
    private int numSamples = 1;
    private Verification verification = Verification.COUPLED;

    private Builder() {}

    /** 1 or more; default 16. */
    public Builder maxNewTokens(int value) {
      maxNewTokens = Check.inRange("maxNewTokens", value, 1, Integer.MAX_VALUE);
      return this;
    }

    /** 0 to maxNewTokens; default 0. */
    public Builder minNewTokens(int value) {
      minNewTokens = Check.inRange("minNewTokens", value, 0, Integer.MAX_VALUE);
      return this;
    }

    /** At most {@link #MAX_NUM_STOP_TOKENS} ids of 0 or more; copied; default none. */
    public Builder stopTokenIds(int... ids) {
      Check.inRange("number of stopTokenIds", ids.length, 0, MAX_NUM_STOP_TOKENS);
      for (int id : ids) {
        Check.inRange("stopTokenIds", id, 0, Integer.MAX_VALUE);
      }
      stopTokenIds = ids.clone();
      return this;
    }

    /** 0 (greedy) to 100; default 0. */
    public Builder temperature(float value) {
      temperature = Check.inRange("temperature", value, 0, 100);
      return this;
    }

    /** 0 (all) or more; default 0. */
    public Builder topK(int value) {
      topK = Check.inRange("topK", value, 0, Integer.MAX_VALUE);
      return this;
    }

    /** In (0, 1]; default 1. */
    public Builder topP(float value) {
      topP = Check.inRange("topP", value, Float.MIN_VALUE, 1);
      return this;
    }

    /** In [0, 1]; default 0. */
    public Builder minP(float value) {
      minP = Check.inRange("minP", value, 0, 1);
      return this;
    }

    /** In (0, 10]; default 1, no penalty. */
    public Builder repetitionPenalty(float value) {
      repetitionPenalty = Check.inRange("repetitionPenalty", value, Float.MIN_VALUE, 10);
      return this;
    }

    /** In [-2, 2]; default 0. */
    public Builder presencePenalty(float value) {
      presencePenalty = Check.inRange("presencePenalty", value, -2, 2);
      return this;
    }

    /** In [-2, 2]; default 0. */
    public Builder frequencyPenalty(float value) {
      frequencyPenalty = Check.inRange("frequencyPenalty", value, -2, 2);
      return this;
    }

    /** Token ids of 0 or more with biases in [-100, 100]; copied; default none. */
    public Builder logitBias(Map<Integer, Float> biases) {
      Check.inRange("number of logitBias entries", biases.size(), 0, MAX_NUM_BIASED_TOKENS);
      biases.forEach((id, bias) -> {
        Check.inRange("logitBias token id", id, 0, Integer.MAX_VALUE);
        Check.inRange("logitBias of token " + id, bias, -100, 100);
      });
      logitBias.clear();
      logitBias.putAll(biases);
      return this;
    }

    /** Any value; default: derived by the scheduler from its own seed and the request number. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** {@link #NO_LOGPROBS} to {@link #MAX_NUM_LOGPROBS}; default none. */
    public Builder numLogprobs(int value) {
      numLogprobs = Check.inRange("numLogprobs", value, NO_LOGPROBS, MAX_NUM_LOGPROBS);
      return this;
    }

    /** 1 to {@link #MAX_NUM_SAMPLES}; default 1. */
    public Builder numSamples(int value) {
      numSamples = Check.inRange("numSamples", value, 1, MAX_NUM_SAMPLES);
      return this;
    }

    /**
     * How drafts are accepted; default {@link Verification#COUPLED}. Matters only where an engine
     * drafts.
     */
    public Builder verification(Verification value) {
      verification = Objects.requireNonNull(value, "verification");
      return this;
    }

    /** @throws IllegalArgumentException when minNewTokens exceeds maxNewTokens */
    public SamplingParameters build() {
      Check.inRange("minNewTokens", minNewTokens, 0, maxNewTokens);
      return new SamplingParameters(this);
    }
  }
}
