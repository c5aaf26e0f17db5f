package dev.weft.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The test vectors of SipHash's authors: key 00 01 … 0f, message 00 01 02 … */
final class SipHashTest {
  @ParameterizedTest
  @CsvSource({
      "0, 726fdb47dd0e0e31", "1, 93f5f5799a932462", "2, 3f2acc7f57c29bdb"})
  void agreesWithItsAuthors(int numWords, String expected) {
    SipHash hash = new SipHash(2, 0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
    hash.reset(0);
    for (int i = 0; i < numWords; i++) {
      hash.add(0, 0x0706050403020100L + i * 0x0808080808080808L);
    }
    assertThat(Long.toHexString(hash.value(0, numWords, 1))).isEqualTo(expected);
    assertThat(Long.toHexString(hash.value(0, numWords, 1))).as("again").isEqualTo(expected);
  }
}
