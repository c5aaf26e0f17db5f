package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SequenceSeedTest {
  @ParameterizedTest
  @CsvSource({"0, 0", "42, 42", "-1, -1", "9223372036854775807, 9223372036854775807"})
  void firstSampleHasTheSeedOfItsRequest(long requestSeed, long expected) {
    assertThat(SequenceSeed.ofSample(requestSeed, 0)).isEqualTo(expected);
  }

  /** Fixed for ever: whoever recomputes a sample outside the scheduler must arrive at them. */
  @ParameterizedTest
  @CsvSource({
      "0, 1, -2152535657050944081",
      "0, 2, 7960286522194355700",
      "42, 1, -4767286540954276203",
      "42, 127, 932506500289418860",
      "-1, 1, -1956407806741107680",
      "9223372036854775807, 3, -1435078927205645936"
  })
  void furtherSamplesHaveTheSeedsOfTheContract(long requestSeed, int sampleIndex, long expected) {
    assertThat(SequenceSeed.ofSample(requestSeed, sampleIndex)).isEqualTo(expected);
  }

  /** Fixed for ever: a journal without seeds must replay. */
  @ParameterizedTest
  @CsvSource({
      "0, 0, 5197578548964807871",
      "0, 1, -2529857523242969672",
      "42, 0, 5006236285904387910",
      "42, 1000000, -706199121471915542",
      "-1, 5, -844394168523315175"
  })
  void requestsWithoutASeedGetThoseOfTheContract(long schedulerSeed, long requestNumber,
      long expected) {
    assertThat(SequenceSeed.ofRequest(schedulerSeed, requestNumber)).isEqualTo(expected);
  }

  @Test void thousandSamplesHaveThousandSeeds() {
    assertThat(IntStream.range(0, 1000).mapToLong(i -> SequenceSeed.ofSample(42, i)))
        .doesNotHaveDuplicates();
  }

  @Test void thousandRequestsHaveThousandSeeds() {
    assertThat(LongStream.range(0, 1000).map(i -> SequenceSeed.ofRequest(42, i)))
        .doesNotHaveDuplicates();
  }

  @Test void equalSeedsOfSchedulersGiveEqualSeedsOfRequests() {
    assertThat(SequenceSeed.ofRequest(7, 3)).isEqualTo(SequenceSeed.ofRequest(7, 3))
        .isNotEqualTo(SequenceSeed.ofRequest(8, 3));
  }
}
