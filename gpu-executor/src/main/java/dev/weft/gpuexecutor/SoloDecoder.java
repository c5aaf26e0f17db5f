package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.Arrays;
import java.util.concurrent.ThreadFactory;

/**
 * Decodes one sequence after another, each alone from its first token: a plain loop without
 * scheduler, blocks or batch. It is the simplest way to run a model in a process, and the oracle of
 * everything that schedules: a {@link HostExecutor} must produce the same tokens and
 * log-probabilities, bit for bit, however a request was batched, chunked, preempted, shared or
 * drafted.
 *
 * <p>Not thread-safe: one thread at a time.
 */
public final class SoloDecoder implements AutoCloseable {
  private final HostModel model;
  private final int maxTokens;
  private final WorkerTeam team;
  private final SoloForward forward;
  private final TokenSampler sampler;
  private final TopLogprobs logprobs;
  private final SamplingState state = new SamplingState();

  /**
   * Takes all memory that decoding needs, for sequences of up to {@code maxTokens}.
   *
   * @param maxTokens longest sequence, prompt included; 2 to {@link HostModel#maxPositions}
   * @param numThreads threads that compute, the calling one included
   * @param threadFactory makes the other threads; they end in {@link #close}
   * @throws UnsupportedOperationException when this JVM emulates fused multiply-add
   */
  public SoloDecoder(
      HostModel model, int maxTokens, int numThreads, ThreadFactory threadFactory) {
    if (maxTokens < 2 || maxTokens > model.maxPositions()) {
      throw new IllegalArgumentException(
          "maxTokens is " + maxTokens + ", must be 2 to " + model.maxPositions());
    }
    if (numThreads < 1) {
      throw new IllegalArgumentException("numThreads is " + numThreads + ", must be 1 or more");
    }
    HardwareFma.require();
    this.model = model;
    this.maxTokens = maxTokens;
    team = new WorkerTeam(numThreads, threadFactory);
    forward = new SoloForward(model, team, maxTokens);
    sampler = new TokenSampler(model.vocabularySize());
    logprobs = new TopLogprobs(model.vocabularySize(), SamplingParameters.MAX_NUM_LOGPROBS);
  }

  /** A decoder for the longest sequences of the model, on the calling thread alone. */
  public static SoloDecoder singleThreaded(HostModel model) {
    return new SoloDecoder(model, model.maxPositions(), 1, Thread::new);
  }

  /**
   * Generates until a stop token, {@code maxNewTokens} or {@code maxTokens} ends the sequence.
   *
   * @param prompt 1 to {@code maxTokens - 1} token ids; not modified
   * @param parameters everything but seed and number of samples counts
   * @param sequenceSeed key of the random numbers, see {@link
   *     dev.weft.schedulerapi.SequenceSeed}; without effect when greedy
   */
  public SoloOutput decode(int[] prompt, SamplingParameters parameters, long sequenceSeed) {
    check(prompt);
    int maxNewTokens = Math.min(parameters.maxNewTokens(), maxTokens - prompt.length);
    int[] tokens = Arrays.copyOf(prompt, prompt.length + maxNewTokens);
    state.begin(parameters, sequenceSeed, prompt.length, maxTokens);
    for (int position = 0; position < prompt.length; position++) {
      state.put(position, prompt[position]);
    }
    Collector collector = new Collector(parameters, maxNewTokens);
    int numComputed = 0;
    for (int length = prompt.length; length < tokens.length; length++) {
      float[] logits = forward.run(tokens, numComputed, length);
      numComputed = length;
      int token = sampler.sample(logits, state, length, null);
      if (token < 0) {
        return collector.output(FinishReason.ERROR);
      }
      tokens[length] = token;
      state.put(length, token);
      collector.add(token, logits);
      if (parameters.isStopToken(token)) {
        return collector.output(FinishReason.STOP);
      }
    }
    return collector.output(FinishReason.LENGTH);
  }

  /** Ends the threads. Idempotent. */
  @Override
  public void close() {
    team.close();
  }

  private void check(int[] prompt) {
    if (prompt.length < 1 || prompt.length >= maxTokens) {
      throw new IllegalArgumentException(
          "prompt has " + prompt.length + " tokens, must have 1 to " + (maxTokens - 1));
    }
    for (int token : prompt) {
      if (token < 0 || token >= model.vocabularySize()) {
        throw new IllegalArgumentException(
            "prompt token is " + token + ", must be 0 to " + (model.vocabularySize() - 1));
      }
    }
  }

  /** Gathers what is generated. */
  private final class Collector {
    private final int numTop;
    private final int[] tokens;
    private final float[] chosen;
    private final int[][] topTokens;
    private final float[][] topLogprobs;
    private int numTokens;

    Collector(SamplingParameters parameters, int maxNewTokens) {
      numTop = parameters.numLogprobs();
      tokens = new int[maxNewTokens];
      boolean isAskedFor = numTop != SamplingParameters.NO_LOGPROBS;
      int capacity = isAskedFor ? maxNewTokens : 0;
      chosen = new float[capacity];
      topTokens = new int[capacity][];
      topLogprobs = new float[capacity][];
    }

    void add(int token, float[] logits) {
      int index = numTokens++;
      tokens[index] = token;
      if (chosen.length == 0) {
        return;
      }
      logprobs.compute(logits, numTop);
      chosen[index] = logprobs.of(token);
      topTokens[index] = new int[logprobs.numTop()];
      topLogprobs[index] = new float[logprobs.numTop()];
      for (int rank = 0; rank < logprobs.numTop(); rank++) {
        topTokens[index][rank] = logprobs.topToken(rank);
        topLogprobs[index][rank] = logprobs.of(logprobs.topToken(rank));
      }
    }

    SoloOutput output(FinishReason reason) {
      int numKept = Math.min(numTokens, chosen.length);
      return new SoloOutput(
          Arrays.copyOf(tokens, numTokens),
          Arrays.copyOf(chosen, numKept),
          Arrays.copyOf(topTokens, numKept),
          Arrays.copyOf(topLogprobs, numKept),
          reason);
    }
  }
}
