package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * An accepted request: what it has said so far, and the ways to read on. All methods may be called
 * by any thread.
 *
 * <p>All output is kept until the last reference to this object is gone, so any number of consumers
 * of any kind read at their own pace; none of them can hold up the engine or each other. A consumer
 * that gives up (a closed iterator, a cancelled subscription, a listener that throws) cancels the
 * request.
 */
public final class Generation {
  static final int GOES_ON = -1;
  private static final SerialConsumer[] NO_CONSUMERS = {};

  private final Request request;
  private final Intake intake;
  private final SampleBuffer[] samples;
  /** By sample: output tokens to keep when the loop gets to stopping it, or -1. */
  private final AtomicIntegerArray numTokensToKeep;
  private final Waiters waiters = new Waiters();
  private final AtomicBoolean isSignalled = new AtomicBoolean();
  private final AtomicBoolean isUndelivered = new AtomicBoolean();
  private final GenerationTimes times;
  private volatile SerialConsumer[] consumers = NO_CONSUMERS;
  private volatile boolean isCancelled;
  private volatile @Nullable GenerationResult result;

  /** The next in the list of signalled generations. */
  @Nullable Generation nextSignalled;
  /** The next in the list of those whose consumers are to be woken. */
  @Nullable Generation nextUndelivered;
  /** For the loop alone: samples that have not ended. */
  int numLiveSamples;
  /** For the loop alone: something happened that readers have not been shown. */
  boolean isDirty;
  /** For the loop alone: prompt tokens found in the prefix cache when it was first admitted. */
  int numCachedTokens;
  /** For the loop alone: why it did not get what it asked for, in words. */
  String message = "";

  Generation(Request request, Intake intake, int maxModelLen, long nowNanos) {
    this.request = request;
    this.intake = intake;
    SamplingParameters sampling = request.sampling();
    int maxNumTokens =
        Math.min(sampling.maxNewTokens(), maxModelLen - request.numPromptTokens());
    numLiveSamples = sampling.numSamples();
    samples = new SampleBuffer[numLiveSamples];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = new SampleBuffer(maxNumTokens, sampling.numLogprobs());
    }
    int[] nobodyStops = new int[samples.length];
    Arrays.fill(nobodyStops, GOES_ON);
    numTokensToKeep = new AtomicIntegerArray(nobodyStops);
    times = new GenerationTimes(nowNanos);
  }

  // ---- what it is and has said

  public Request request() {
    return request;
  }

  public int numSamples() {
    return samples.length;
  }

  /** Output tokens of a sample that can be read now. */
  public int numTokens(int sampleIndex) {
    return sample(sampleIndex).numTokens();
  }

  /**
   * An output token.
   *
   * @param outputIndex 0 to {@code numTokens(sampleIndex) - 1}
   */
  public int token(int sampleIndex, int outputIndex) {
    return sample(sampleIndex).token(outputIndex);
  }

  /**
   * The log-probabilities of an output token.
   *
   * @throws IllegalStateException when the request did not ask for them
   */
  public TokenLogprobs logprobs(int sampleIndex, int outputIndex) {
    return sample(sampleIndex).logprobs(outputIndex);
  }

  /** Why a sample ended; null while it lives. */
  public @Nullable FinishReason reason(int sampleIndex) {
    return sample(sampleIndex).reason();
  }

  /** True when a sample has ended with a whole answer. */
  boolean isComplete(int sampleIndex) {
    FinishReason reason = sample(sampleIndex).reason();
    return reason != null && reason.isComplete();
  }

  /** How it ended; null while a sample lives. */
  public @Nullable GenerationResult result() {
    return result;
  }

  // ---- ways to read on

  /** The tokens of the first sample, as they come; closing it early cancels the request. */
  public TokenIterator tokens() {
    return tokens(0);
  }

  /** The tokens of one sample, as they come; closing it early cancels the request. */
  public TokenIterator tokens(int sampleIndex) {
    return new TokenIterator(this, sampleIndex);
  }

  /** Waits until all samples have ended; does not throw because of how they ended. */
  public GenerationResult await() throws InterruptedException {
    waiters.awaitUntil(() -> result != null);
    return Objects.requireNonNull(result);
  }

  /**
   * Completes when all samples have ended, normally however they ended: ask {@link
   * GenerationResult#isComplete}. Dependent stages run on the callback executor.
   */
  public CompletionStage<GenerationResult> completion() {
    CompletionConsumer consumer = new CompletionConsumer(this);
    register(consumer);
    return consumer.stage();
  }

  /**
   * Tells a listener all tokens, those of the past included, and the end, on the callback executor,
   * one call at a time. A listener that throws hears nothing more, and the request is cancelled.
   */
  public void listen(TokenListener listener) {
    register(new ListenerConsumer(this, Objects.requireNonNull(listener, "listener")));
  }

  /**
   * All tokens of all samples as a reactive stream: each subscriber gets every token from the first
   * on, as fast as it asks for them. It completes when all samples are complete and fails with
   * {@link IncompleteGenerationException} when one is not. Cancelling a subscription cancels the
   * request. Subscribers are called on the callback executor.
   */
  public Flow.Publisher<OutputToken> publisher() {
    return subscriber -> register(new FlowSubscription(this,
        Objects.requireNonNull(subscriber, "subscriber")));
  }

  // ---- ways to end it

  /**
   * Ends all samples with {@link FinishReason#ABORT} at the next round of the loop; without effect
   * when they have ended.
   */
  public void cancel() {
    isCancelled = true;
    if (result == null) { // Else nobody may ever take the signal, and with it this object.
      intake.signal(this);
    }
  }

  /**
   * Ends one sample with {@link FinishReason#STOP} at the next round, because its consumer found a
   * stop string; without effect when it has ended, was stopped before, or has said nothing yet.
   *
   * @param numTokens output tokens that are the answer, 0 to those that can be read now
   * @throws IllegalArgumentException when {@code numTokens} is out of range
   */
  public void stop(int sampleIndex, int numTokens) {
    int numReadable = sample(sampleIndex).numTokens();
    if (numTokens < 0 || numTokens > numReadable) {
      throw new IllegalArgumentException("request " + request.id() + " sample " + sampleIndex
          + ": numTokens is " + numTokens + ", must be 0 to " + numReadable);
    }
    if (numReadable > 0 && result == null
        && numTokensToKeep.compareAndSet(sampleIndex, GOES_ON, numTokens)) {
      intake.signal(this);
    }
  }

  @Override public String toString() {
    return "Generation[" + request + ", result=" + result + "]";
  }

  // ---- for the consumers of this package

  SampleBuffer sample(int sampleIndex) {
    if (sampleIndex < 0 || sampleIndex >= samples.length) {
      throw new IndexOutOfBoundsException("request " + request.id() + ": sample " + sampleIndex
          + " of " + samples.length);
    }
    return samples[sampleIndex];
  }

  Waiters waiters() {
    return waiters;
  }

  void signal(SerialConsumer consumer) {
    consumer.signal(intake.callbacks());
  }

  private void register(SerialConsumer consumer) {
    synchronized (waiters) {
      SerialConsumer[] more = Arrays.copyOf(consumers, consumers.length + 1);
      more[more.length - 1] = consumer;
      consumers = more;
    }
    VarHandle.fullFence(); // Either it sees what was published before, or the loop sees it.
    signal(consumer); // For what happened before it was registered.
  }

  // ---- for the loop

  GenerationTimes times() {
    return times;
  }

  boolean isCancelled() {
    return isCancelled;
  }

  /** Output tokens to keep of a sample that shall stop; {@link #GOES_ON} when it shall not. */
  int numTokensToKeep(int sampleIndex) {
    return numTokensToKeep.get(sampleIndex);
  }

  /** True for the caller that has to put it into the list of the signalled. */
  boolean markSignalled() {
    return isSignalled.compareAndSet(false, true);
  }

  /** To be called before the wishes are read: what is wished later is signalled again. */
  void clearSignalled() {
    isSignalled.set(false);
  }

  /** True for the caller that has to put it into the courier's list. */
  boolean markUndelivered() {
    return isUndelivered.compareAndSet(false, true);
  }

  /** To be called before consumers are woken: later news is delivered again. */
  void clearUndelivered() {
    isUndelivered.set(false);
  }

  /** Shows readers what was written, and the end when there is one. */
  void publish(@Nullable GenerationResult end) {
    for (SampleBuffer sample : samples) {
      sample.publish();
    }
    if (end != null) {
      result = end;
    }
  }

  /** Wakes who waits; to be called after {@link #publish} and a full fence. */
  void wakeConsumers() {
    waiters.wakeAll();
    for (SerialConsumer consumer : consumers) {
      if (consumer.isInterested()) {
        signal(consumer);
      }
    }
  }
}
