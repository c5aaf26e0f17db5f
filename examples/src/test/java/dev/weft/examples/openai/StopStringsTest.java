package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** A text ends before the first stop string, and nothing of it is shown. */
class StopStringsTest {
  @Test void aStopStringInOnePieceIsCutOff() {
    StopStrings stops = new StopStrings(List.of("END"));

    assertThat(stops.append("the END of it")).isEqualTo("the ");
    assertThat(stops.isFound()).isTrue();
    assertThat(stops.append("more")).isEmpty();
    assertThat(stops.end()).isEmpty();
  }

  @Test void whatCouldBecomeAStopStringIsHeldBack() {
    StopStrings stops = new StopStrings(List.of("END"));

    assertThat(stops.append("the E")).isEqualTo("the ");
    assertThat(stops.append("N")).isEmpty();
    assertThat(stops.append("TER")).isEqualTo("ENTER");
    assertThat(stops.isFound()).isFalse();
  }

  @Test void heldTextComesOutAtTheEnd() {
    StopStrings stops = new StopStrings(List.of("END"));
    stops.append("the EN");

    assertThat(stops.end()).isEqualTo("EN");
  }

  @Test void aStopStringAcrossPiecesIsFound() {
    StopStrings stops = new StopStrings(List.of("aab"));

    assertThat(stops.append("a")).isEmpty();
    assertThat(stops.append("a")).isEmpty();
    assertThat(stops.append("a")).isEqualTo("a");
    assertThat(stops.append("bc")).isEmpty();
    assertThat(stops.isFound()).isTrue();
  }

  @Test void theFirstToEndCountsAndThereTheLongest() {
    StopStrings shorterEndsFirst = new StopStrings(List.of("abcd", "bc"));
    StopStrings longerEndsThere = new StopStrings(List.of("c", "abc"));

    assertThat(shorterEndsFirst.append("xabcd")).isEqualTo("xa");
    assertThat(longerEndsThere.append("xabcd")).isEqualTo("x");
  }

  @Property(tries = 2000)
  void piecesMakeNoDifference(@ForAll("texts") List<String> pieces,
      @ForAll("stops") List<String> strings) {
    StopStrings stops = new StopStrings(strings);
    StringBuilder shown = new StringBuilder();
    String expected = cutOff(String.join("", pieces), strings);
    for (String piece : pieces) {
      shown.append(stops.append(piece));
      assertThat(expected).as("nothing shown is taken back").startsWith(shown.toString());
    }
    shown.append(stops.end());

    assertThat(shown).hasToString(expected);
    assertThat(stops.isFound()).isEqualTo(expected.length() < String.join("", pieces).length());
  }

  @Provide Arbitrary<List<String>> texts() {
    return Arbitraries.strings().withChars("ab").ofMaxLength(4).list().ofMaxSize(8);
  }

  @Provide Arbitrary<List<String>> stops() {
    return Arbitraries.strings().withChars("ab").ofMinLength(1).ofMaxLength(5).list().ofMaxSize(4);
  }

  /** Every begin of the text from the shortest on: does a stop string end it? */
  private static String cutOff(String text, List<String> strings) {
    for (int end = 1; end <= text.length(); end++) {
      String begin = text.substring(0, end);
      int longest = strings.stream().filter(begin::endsWith).mapToInt(String::length).max()
          .orElse(0);
      if (longest > 0) {
        return begin.substring(0, end - longest);
      }
    }
    return text;
  }
}
