package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import java.util.Objects;
import java.util.OptionalLong;

/** How a request ended: immutable, and the same whoever asks. */
public final class GenerationResult {
  private final Generation generation;
  private final FinishReason[] reasons;
  private final int numCachedTokens;
  private final String message;

  GenerationResult(Generation ended) {
    generation = ended;
    reasons = new FinishReason[ended.numSamples()];
    for (int i = 0; i < reasons.length; i++) {
      reasons[i] = Objects.requireNonNull(ended.sample(i).endReason());
    }
    numCachedTokens = ended.numCachedTokens;
    message = ended.message;
  }

  public long requestId() {
    return generation.request().id();
  }

  public int numSamples() {
    return reasons.length;
  }

  /** True when every sample is a whole answer; false when one was cut off, for whatever reason. */
  public boolean isComplete() {
    for (FinishReason reason : reasons) {
      if (!reason.isComplete()) {
        return false;
      }
    }
    return true;
  }

  public FinishReason reason(int sampleIndex) {
    return reasons[sampleIndex];
  }

  /** The tokens of a sample, which may be cut off; a copy. */
  public int[] tokens(int sampleIndex) {
    return generation.sample(sampleIndex).tokens();
  }

  public int numTokens(int sampleIndex) {
    return generation.sample(sampleIndex).numTokens();
  }

  /** The log-probabilities of an output token, if the request asked for them. */
  public TokenLogprobs logprobs(int sampleIndex, int outputIndex) {
    return generation.logprobs(sampleIndex, outputIndex);
  }

  public int numPromptTokens() {
    return generation.request().numPromptTokens();
  }

  /** Prompt tokens that were found in the prefix cache when the request was first admitted. */
  public int numCachedTokens() {
    return numCachedTokens;
  }

  /** Why it was cut off, where the reason alone does not tell; else empty. */
  public String message() {
    return message;
  }

  /** From submission to the first row on the device; empty when it never got one. */
  public OptionalLong queueNanos() {
    return sinceSubmission(generation.times().admittedNanos);
  }

  /** From submission to the first token of the first sample; empty when there was none. */
  public OptionalLong firstTokenNanos() {
    return sinceSubmission(generation.times().firstTokenNanos);
  }

  /** From submission to the end. */
  public long totalNanos() {
    return generation.times().endNanos - generation.times().submittedNanos;
  }

  private OptionalLong sinceSubmission(long nanos) {
    return nanos == GenerationTimes.NEVER ? OptionalLong.empty()
        : OptionalLong.of(nanos - generation.times().submittedNanos);
  }

  @Override public String toString() {
    StringBuilder text = new StringBuilder("request " + requestId() + ":");
    for (int i = 0; i < reasons.length; i++) {
      text.append(i == 0 ? " " : ", ").append(reasons[i]).append(" after ").append(numTokens(i))
          .append(" tokens");
    }
    return message.isEmpty() ? text.toString() : text + " (" + message + ")";
  }
}
