package dev.weft.speculative;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.HashModel;
import java.util.Arrays;

/** Specs of draft executors, and what their model says without any executor. */
final class DraftExecutors {
  static final int VOCABULARY_SIZE = 16;

  private DraftExecutors() {}

  /** Holds eight sequences of up to 768 tokens. */
  static ExecutorSpec.Builder spec() {
    return ExecutorSpec.builder().vocabularySize(VOCABULARY_SIZE).maxModelLen(768).blockSize(16)
        .numBlocks(8 * 48 + 1).numSlots(8).maxNumRows(8).maxNumBatchedTokens(512);
  }

  /** The tokens that a model of {@link #spec} gives behind these, one after another. */
  static int[] continuation(SamplingParameters sampling, long seed, int numTokens, int... known) {
    return continuation(new HashModel(VOCABULARY_SIZE), sampling, seed, numTokens, known);
  }

  static int[] continuation(HashModel model, SamplingParameters sampling, long seed, int numTokens,
      int... known) {
    HashModel.Context context = new HashModel.Context(0);
    Arrays.stream(known).forEach(context::append);
    int[] tokens = new int[numTokens];
    for (int i = 0; i < numTokens; i++) {
      tokens[i] = model.choose(context.logits(), sampling, seed, 1, known.length + i, null);
      context.append(tokens[i]);
    }
    return tokens;
  }

  /** Tokens without a pattern; a longer text begins with a shorter one of the same number. */
  static int[] text(int number, int numTokens) {
    int[] tokens = new int[numTokens];
    for (int i = 0; i < numTokens; i++) {
      tokens[i] = (number * 31 + i * i * 7 + i / 3) % VOCABULARY_SIZE;
    }
    return tokens;
  }

  static int[] concat(int[] first, int... second) {
    int[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
