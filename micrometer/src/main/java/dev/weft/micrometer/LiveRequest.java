package dev.weft.micrometer;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import org.jspecify.annotations.Nullable;

/** What is remembered of a request from its acceptance to the end of its last sample. */
final class LiveRequest {
  static final long NEVER = Long.MIN_VALUE;

  final long id;
  final int numPromptTokens;
  final int maxNewTokens;
  /** On the listener's clock, never behind {@link #addedNanos}. */
  final long arrivalNanos;
  final long addedNanos;
  private final boolean isBlockedAtFirst;
  private final Sample[] samples;
  int numLiveSamples;
  /** First token of any sample. */
  long firstTokenNanos = NEVER;
  long numOutputTokens;
  int maxNumOutputTokens;
  /** Sum over samples of the time between first and last token, and of the tokens after a first. */
  long decodeNanos;
  long numDecodeTokens;
  /** The first end that is no complete answer. */
  @Nullable FinishReason failure;

  LiveRequest(Request request, long nowNanos) {
    id = request.id();
    numPromptTokens = request.numPromptTokens();
    SamplingParameters sampling = request.sampling();
    maxNewTokens = sampling.maxNewTokens();
    boolean arrivesNow = request.arrivalNanos() == Request.ARRIVES_WHEN_ADDED;
    arrivalNanos = arrivesNow ? nowNanos : Math.min(request.arrivalNanos(), nowNanos);
    addedNanos = nowNanos;
    isBlockedAtFirst = request.blockReason() != null;
    numLiveSamples = sampling.numSamples();
    samples = new Sample[numLiveSamples];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = new Sample();
    }
  }

  Sample sample(int sampleIndex) {
    return samples[sampleIndex];
  }

  int numSamples() {
    return samples.length;
  }

  /** Where the scheduler last said that a sample is; other samples start out of the first one. */
  Published.Value place(int sampleIndex) {
    if (sample(sampleIndex).isRunning) {
      return Published.Value.RUNNING;
    }
    return isBlockedAtFirst && !sample(sampleIndex).wasAdmitted()
        ? Published.Value.BLOCKED : Published.Value.WAITING;
  }

  /** Whether a sample has been told of: the others exist when the prompt has been computed. */
  boolean isBorn(int sampleIndex) {
    return sampleIndex == 0 || sample(sampleIndex).wasAdmitted();
  }

  /**
   * Notes that a sample runs though its admission was not told: it was forked from the first one
   * and never waited. Work on it began with the first one, and it shares all of the prompt but the
   * last token, from which it samples.
   */
  void noteFork(Sample sample) {
    if (!sample.wasAdmitted()) {
      sample.admit(numPromptTokens - 1, samples[0].admittedNanos);
    }
  }

  /** Adds the end of a sample to what is known of the whole. */
  void end(Sample sample, FinishReason reason, int numTokens) {
    numLiveSamples--;
    numOutputTokens += numTokens;
    maxNumOutputTokens = Math.max(maxNumOutputTokens, numTokens);
    if (sample.numTokens > 1) {
      decodeNanos += sample.lastTokenNanos - sample.firstTokenNanos;
      numDecodeTokens += sample.numTokens - 1;
    }
    if (failure == null && !reason.isComplete()) {
      failure = reason;
    }
  }

  /** One sample. */
  static final class Sample {
    /** First admission. */
    long admittedNanos = NEVER;
    /** Prompt tokens that the first admission did not have to compute. */
    int numCachedTokens;
    boolean isRunning;
    int numTokens;
    long firstTokenNanos = NEVER;
    long lastTokenNanos = NEVER;
    /** The result that brought the last token. */
    long lastResultIndex = -1;

    boolean wasAdmitted() {
      return admittedNanos != NEVER;
    }

    void admit(int numCached, long nowNanos) {
      isRunning = true;
      if (!wasAdmitted()) {
        admittedNanos = nowNanos;
        numCachedTokens = numCached;
      }
    }
  }
}
