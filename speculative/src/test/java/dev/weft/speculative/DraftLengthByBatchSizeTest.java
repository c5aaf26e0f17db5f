package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.speculative.DraftLengthByBatchSize.Range;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DraftLengthByBatchSizeTest {
  @Test void gapsAndTheTailCarryTheLengthBeforeThemOn() {
    Load load = new Load(
        new DraftLengthByBatchSize(List.of(new Range(1, 2, 5), new Range(5, 6, 3))));

    assertThat(List.of(length(load, 1), length(load, 2), length(load, 3), length(load, 4),
        length(load, 5), length(load, 6), length(load, 7), length(load, 100)))
        .containsExactly(5, 5, 5, 5, 3, 3, 3, 3);
  }

  @Test void aLengthIsCutAtWhatCanBeVerified() {
    Load load = new Load(new DraftLengthByBatchSize(List.of(new Range(1, 1, 1000))));

    assertThat(length(load, 1)).isEqualTo(Load.MAX_LENGTH);
  }

  @Test void withHysteresisALengthStaysNearItsRange() {
    Load load = new Load(new DraftLengthByBatchSize(
        List.of(new Range(1, 8, 5), new Range(9, 20, 2), new Range(21, 21, 0)), 2));

    assertThat(List.of(length(load, 8), length(load, 10), length(load, 11), length(load, 7),
        length(load, 6), length(load, 22), length(load, 19), length(load, 18)))
        .containsExactly(5, 5, 2, 2, 5, 0, 0, 2);
  }

  @Test void wrongRangesAreRefused() {
    assertRefused("ranges is empty, must have one that begins at 1");
    assertRefused("range 0 begins at 2, must begin at 1", new Range(2, 3, 1));
    assertRefused("range 1 begins at 3, must begin behind the end of the one before, 3",
        new Range(1, 3, 1), new Range(3, 4, 1));
    assertRefused("range 2 begins at 2, must begin behind the end of the one before, 9",
        new Range(1, 3, 1), new Range(8, 9, 1), new Range(2, 2, 1));
    assertThatThrownBy(() -> new DraftLengthByBatchSize(List.of(new Range(1, 1, 1)), -1))
        .hasMessage("hysteresis is -1, must be 0 to 65536");
    assertThatThrownBy(() -> new Range(0, 3, 1)).hasMessage("first is 0, must be 1 or more");
    assertThatThrownBy(() -> new Range(4, 3, 1)).hasMessage("last is 3, must be 4 to 65536");
    assertThatThrownBy(() -> new Range(1, 1 << 17, 1))
        .hasMessage("last is 131072, must be 1 to 65536");
    assertThatThrownBy(() -> new Range(1, 3, -1))
        .hasMessage("numDraftTokens is -1, must be 0 or more");
  }

  private static void assertRefused(String message, Range... ranges) {
    assertThatThrownBy(() -> new DraftLengthByBatchSize(List.of(ranges)))
        .isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  private static int length(Load load, int numSequences) {
    load.of(numSequences).steps(1);
    return load.run.length(numSequences - 1);
  }
}
