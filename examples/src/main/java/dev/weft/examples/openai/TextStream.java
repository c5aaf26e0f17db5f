package dev.weft.examples.openai;

import dev.weft.examples.AustenTokenizer;
import java.util.Arrays;

/**
 * The text of tokens that come one after another. A character may be spread over several tokens:
 * its bytes are held back until it is whole, so that the pieces put together are exactly the text
 * of all tokens.
 */
final class TextStream {
  /** What the tokenizer puts where bytes are no character, or not a whole one yet. */
  private static final String REPLACEMENT = "\uFFFD";

  private final AustenTokenizer tokenizer;
  private int[] pending = new int[4];
  private int numPending;

  TextStream(AustenTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** What a token adds to the text; empty when only part of a character is there. */
  String append(int token) {
    if (numPending == pending.length) {
      pending = Arrays.copyOf(pending, 2 * numPending);
    }
    pending[numPending++] = token;
    String text = tokenizer.decode(Arrays.copyOf(pending, numPending));
    if (text.endsWith(REPLACEMENT)) {
      return "";
    }
    numPending = 0;
    return text;
  }

  /** What is left when no token comes any more. */
  String end() {
    String text = numPending == 0 ? "" : tokenizer.decode(Arrays.copyOf(pending, numPending));
    numPending = 0;
    return text;
  }
}
