package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.examples.AustenTokenizer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The pieces of a text are the text, and none holds a part of a character. */
class TextStreamTest {
  private static final AustenTokenizer TOKENIZER = TestModel.MODEL.tokenizer();

  @Test void aCharacterComesWhenItIsWhole() {
    int[] tokens = TOKENIZER.encode("a€😀b"); // No merges: every byte of them is a token.
    TextStream stream = new TextStream(TOKENIZER);
    StringBuilder pieces = new StringBuilder();
    for (int token : tokens) {
      pieces.append(stream.append(token)).append('|');
    }

    assertThat(pieces).hasToString("|a|||€||||😀|b|");
    assertThat(stream.end()).isEmpty();
  }

  @Test void whatNeverBecomesACharacterComesAtTheEnd() {
    int[] tokens = TOKENIZER.encode("€");
    TextStream stream = new TextStream(TOKENIZER);

    assertThat(stream.append(tokens[1]) + stream.append(tokens[2])).isEmpty();
    assertThat(stream.end()).isEqualTo("\uFFFD");
    assertThat(stream.end()).isEmpty();
  }

  @Property(tries = 500)
  void piecesOfAnyTokensAreTheTextOfAll(
      @ForAll @Size(max = 24) int @IntRange(max = 1023) [] tokens) {
    TextStream stream = new TextStream(TOKENIZER);
    StringBuilder pieces = new StringBuilder();
    for (int token : tokens) {
      pieces.append(stream.append(token));
    }
    pieces.append(stream.end());

    assertThat(pieces).hasToString(TOKENIZER.decode(tokens));
  }
}
