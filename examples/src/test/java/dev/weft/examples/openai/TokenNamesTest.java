package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.examples.AustenTokenizer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Every token has a name of its own, which is its text where it has one. */
class TokenNamesTest {
  private static final AustenTokenizer TOKENIZER = TestModel.MODEL.tokenizer();
  private static final TokenNames NAMES = TestModel.MODEL.names();

  @Test void aNameIsTheTextOfTheToken() {
    int numTexts = 0;
    for (int token = 3; token < TestModel.MODEL.vocabularySize(); token++) {
      String text = TOKENIZER.decode(new int[] {token});
      if (!text.contains("\uFFFD")) {
        assertThat(NAMES.of(token)).isEqualTo(text);
        numTexts++;
      }
    }
    assertThat(numTexts).isGreaterThan(800);
  }

  @Test void bytesThatAreNoCharacterAreSpelledOut() {
    int[] tokens = TOKENIZER.encode("€");

    assertThat(NAMES.of(tokens[1])).isEqualTo("bytes:\\xe2");
    assertThat(NAMES.of(tokens[2])).isEqualTo("bytes:\\x82");
    assertThat(NAMES.of(tokens[3])).isEqualTo("bytes:\\xac");
  }

  @Test void specialTokensAreCalledAsTheyAreWritten() {
    assertThat(NAMES.of(2)).isEqualTo("</s>");
  }

  @Test void noTwoTokensHaveOneName() {
    Set<String> names = new HashSet<>();
    for (int token = 0; token < TestModel.MODEL.vocabularySize(); token++) {
      assertThat(names.add(NAMES.of(token))).as(NAMES.of(token)).isTrue();
    }
  }
}
