package dev.weft.simulator;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Prompt and output so far of every live sequence, as callers have heard it. Checks that reported
 * log-probabilities are those of the token just heard (I51).
 */
final class Transcripts implements SchedulerListener {
  private static final int MAX_NUM_SAMPLES = 128;
  private final Map<Long, Transcript> transcripts = new HashMap<>();

  /** The known tokens of a live sequence. */
  TokenSequence of(SequenceView sequence) {
    return transcript(sequence.requestId(), sequence.sampleIndex());
  }

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    for (int sample = 0; sample < request.sampling().numSamples(); sample++) {
      transcripts.put(key(request.id(), sample), new Transcript(request));
    }
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    transcript(requestId, sampleIndex).append(token);
  }

  @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
      StepResult result, int row, int tokenIndex) {
    Transcript transcript = transcript(requestId, sampleIndex);
    int last = transcript.token(transcript.numTokens - 1);
    if (result.token(row, tokenIndex) != last || Float.isNaN(result.logprob(row, tokenIndex))) {
      throw new AssertionError("I51: request " + requestId + " sample " + sampleIndex
          + " hears log-probabilities of row " + row + " after token " + last);
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    transcripts.remove(key(requestId, sampleIndex));
  }

  private Transcript transcript(long requestId, int sampleIndex) {
    return Objects.requireNonNull(transcripts.get(key(requestId, sampleIndex)));
  }

  private static long key(long requestId, int sampleIndex) {
    return requestId * MAX_NUM_SAMPLES + sampleIndex;
  }

  /** The tokens of one sequence. */
  private static final class Transcript implements TokenSequence {
    private int[] tokens;
    private int numTokens;

    private Transcript(Request request) {
      numTokens = request.numPromptTokens();
      tokens = new int[numTokens];
      request.copyPromptTokens(0, tokens, 0, numTokens);
    }

    private void append(int token) {
      if (numTokens == tokens.length) {
        tokens = Arrays.copyOf(tokens, 2 * numTokens);
      }
      tokens[numTokens++] = token;
    }

    @Override public int numTokens() {
      return numTokens;
    }

    @Override public int token(int position) {
      return tokens[position];
    }

    @Override public void copyTokens(int position, int[] target, int offset, int count) {
      System.arraycopy(tokens, position, target, offset, count);
    }
  }
}
