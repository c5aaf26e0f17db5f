package dev.weft.examples.openai;

import dev.weft.engine.Generation;
import dev.weft.engine.TokenLogprobs;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer as it grows: takes tokens in, gives out the text that is sure to belong to it, the
 * log-probabilities of the tokens of that text, and the end. For one thread.
 */
final class Choice {
  private final int index;
  private final Generation generation;
  private final int sampleIndex;
  private final TextStream text;
  private final StopStrings stops;
  private final boolean hasLogprobs;
  /** By token: characters of the answer before it, held ones included. */
  private int[] offsets = new int[64];
  private int numTokens;
  private int numDecodedCharacters;
  private final StringBuilder ready = new StringBuilder();
  private int numTakenCharacters;
  private int numTakenTokens;
  private @Nullable FinishReason reason;
  private boolean isEndTaken;

  /** @param index among all answers to the client's request */
  Choice(int index, Generation generation, int sampleIndex, ServedModel model,
      List<String> stopStrings) {
    this.index = index;
    this.generation = generation;
    this.sampleIndex = sampleIndex;
    text = new TextStream(model.tokenizer());
    stops = new StopStrings(stopStrings);
    hasLogprobs = generation.request().sampling().numLogprobs()
        != SamplingParameters.NO_LOGPROBS;
  }

  /** Takes in what the engine has made since the last call. */
  void pull() {
    // The reason before the count: when it is there, the count is final.
    FinishReason end = generation.reason(sampleIndex);
    int numReadable = generation.numTokens(sampleIndex);
    while (reason == null && numTokens < numReadable) {
      append(generation.token(sampleIndex, numTokens));
    }
    if (reason == null && end != null) {
      String rest = text.end();
      numDecodedCharacters += numCharacters(rest);
      ready.append(stops.append(rest)).append(stops.end());
      reason = stops.isFound() ? FinishReason.STOP : end;
    }
  }

  private void append(int token) {
    if (numTokens == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * numTokens);
    }
    offsets[numTokens++] = numDecodedCharacters;
    String piece = text.append(token);
    numDecodedCharacters += numCharacters(piece);
    ready.append(stops.append(piece));
    if (stops.isFound()) {
      reason = FinishReason.STOP;
      generation.stop(sampleIndex, numTokens);
    }
  }

  /** Tokens that were generated for it, those of a stop string included. */
  int numTokens() {
    return numTokens;
  }

  /** Why it ended, perhaps cut off; null while it goes on. */
  @Nullable FinishReason reason() {
    return reason;
  }

  /** True when {@link #take} has something to give. */
  boolean hasNews() {
    return !ready.isEmpty() || (reason != null && !isEndTaken);
  }

  /** What has been added since the last call. Not for an answer that was cut off. */
  Piece take() {
    String piece = ready.toString();
    ready.setLength(0);
    numTakenCharacters += numCharacters(piece);
    isEndTaken = reason != null;
    boolean isLast = isEndTaken && !stops.isFound();
    List<PlacedLogprobs> logprobs = new ArrayList<>();
    while (numTakenTokens < numTokens
        && (isLast || offsets[numTakenTokens] < numTakenCharacters)) {
      if (hasLogprobs) {
        logprobs.add(new PlacedLogprobs(offsets[numTakenTokens],
            generation.logprobs(sampleIndex, numTakenTokens)));
      }
      numTakenTokens++;
    }
    return new Piece(index, piece, hasLogprobs ? logprobs : null, reason);
  }

  private static int numCharacters(String text) {
    return text.codePointCount(0, text.length());
  }

  /**
   * A part of an answer.
   *
   * @param index    of the answer
   * @param logprobs of the tokens whose text begins in this part; null when not asked for
   * @param reason   null but in the last part
   */
  record Piece(int index, String text, @Nullable List<PlacedLogprobs> logprobs,
      @Nullable FinishReason reason) {}

  /**
   * Log-probabilities at a place of the text.
   *
   * @param offset where the text of the token begins in the answer, in code points
   */
  record PlacedLogprobs(int offset, TokenLogprobs logprobs) {}
}
