package dev.weft.benchmarks.speculation;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Prompts of {@link #LENGTH} tokens, made of the held-out texts of this repository: neither model
 * was trained on them. The same at every call.
 */
enum PromptKind {
  /** Text that goes on: passages from the beginning of the texts and then from further behind. */
  CHAT,

  /**
   * Text that repeats itself: the end of what the target writes, greedily, behind the passages of
   * {@link #CHAT}. By then it goes round in circles.
   */
  COPY;

  /** Tokens of a prompt, the one that begins every text included. */
  static final int LENGTH = 96;

  private static final int BEGIN_OF_TEXT = 1;
  private static final int NUM_WRITTEN = 288;

  /**
   * The prompts.
   *
   * @param numPrompts 1 to 92
   */
  List<int[]> prompts(Models models, int numPrompts, int numThreads) {
    List<int[]> passages = passages(numPrompts);
    return this == CHAT ? passages : behind(models, passages, numThreads);
  }

  /** Passages of held-out text. */
  static List<int[]> passages(int numPrompts) {
    List<int[]> passages = new ArrayList<>();
    for (int begin = 1; passages.size() < numPrompts; begin += LENGTH - 1) {
      int numBefore = passages.size();
      for (int[] text : HeldOut.texts()) {
        if (text.length >= begin + LENGTH - 1 && passages.size() < numPrompts) {
          passages.add(prompt(text, begin));
        }
      }
      if (passages.size() == numBefore) {
        throw new IllegalArgumentException(
            "numPrompts is " + numPrompts + ", must be 1 to " + numBefore);
      }
    }
    return passages;
  }

  private static List<int[]> behind(Models models, List<int[]> passages, int numThreads) {
    ServerSize size = new ServerSize(passages.size(), LENGTH + NUM_WRITTEN, numThreads, 2);
    try (Server server = new Server(models, null, size)) {
      Served written = server.serve(passages, passages.size(),
          SamplingParameters.greedy(NUM_WRITTEN), DraftLengthPolicy.LONGEST);
      return written.tokens().stream()
          .map(tokens -> prompt(tokens, NUM_WRITTEN - (LENGTH - 1))).toList();
    }
  }

  private static int[] prompt(int[] text, int begin) {
    int[] prompt = new int[LENGTH];
    prompt[0] = BEGIN_OF_TEXT;
    System.arraycopy(text, begin, prompt, 1, LENGTH - 1);
    return prompt;
  }

  /** As it is written in files. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
