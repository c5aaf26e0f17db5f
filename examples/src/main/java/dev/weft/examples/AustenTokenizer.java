package dev.weft.examples;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Text to token ids and back, by the HuggingFace library and the model's {@code tokenizer.json}.
 * May be used by any number of threads at once.
 */
public final class AustenTokenizer implements AutoCloseable {
  static {
    // The library would report its use to its makers and look for natives of the GPU on the net.
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("slf4j.internal.verbosity", "ERROR");
  }

  private final HuggingFaceTokenizer tokenizer;

  private AustenTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Reads a tokenizer.
   *
   * @param directory holds {@code tokenizer.json}
   */
  public static AustenTokenizer load(Path directory) throws IOException {
    Map<String, String> asTheFileSays = Map.of("truncation", "false", "padding", "false");
    return new AustenTokenizer(
        HuggingFaceTokenizer.newInstance(directory.resolve("tokenizer.json"), asTheFileSays));
  }

  /** Token ids of a prompt, the one that begins every text in front. */
  public int[] encode(String text) {
    long[] ids = tokenizer.encode(text, true, false).getIds();
    int[] tokens = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      tokens[i] = Math.toIntExact(ids[i]);
    }
    return tokens;
  }

  /** The text of tokens, without those that only begin or end a text. */
  public String decode(int[] tokens) {
    long[] ids = new long[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      ids[i] = tokens[i];
    }
    return tokenizer.decode(ids, true);
  }

  /** Frees the native tokenizer. */
  @Override public void close() {
    tokenizer.close();
  }
}
