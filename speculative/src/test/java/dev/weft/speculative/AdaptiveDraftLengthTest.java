package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AdaptiveDraftLengthTest {
  @Test void itClimbsWhenAllIsAccepted() {
    Load load = new Load(new AdaptiveDraftLength()).of(1);
    load.numAccepted = 8;

    assertThat(lengths(load, 10)).containsExactly(3, 3, 3, 3, 3, 7, 7, 7, 7, 7);
  }

  @Test void itFallsToNoneAndTriesAgain() {
    Load load = new Load(new AdaptiveDraftLength()).of(1);
    load.numAccepted = 0;
    List<Integer> lengths = lengths(load, 60);

    assertThat(lengths.subList(0, 15))
        .containsExactly(3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 1, 1, 1);
    assertThat(lengths.subList(15, 15 + AdaptiveDraftLength.STEPS_WITHOUT)).containsOnly(0);
    assertThat(lengths.subList(47, 53)).containsExactly(1, 1, 1, 1, 1, 0);
  }

  @Test void itStaysWhereTheMeanIsBetweenTheMarks() {
    Load load = new Load(new AdaptiveDraftLength(0, 2, 4)).of(1);
    load.numAccepted = 2;

    assertThat(lengths(load, 200).subList(5, 200)).containsOnly(4);
  }

  /** Acceptance that changes as badly as it can: never more than a change in five steps. */
  @Test void noLengthIsHeldForLessThanFiveSteps() {
    Load load = new Load(new AdaptiveDraftLength()).of(1);
    int last = -1;
    int age = AdaptiveDraftLength.STEPS_OF_A_LENGTH;
    for (int step = 0; step < 2000; step++) {
      int before = load.run.length(0);
      load.numAccepted = before >= 3 ? 0 : 8;
      load.steps(1);
      int length = load.run.length(0);
      if (length != last) {
        assertThat(age).as("steps of length %s, until step %s", last, step)
            .isGreaterThanOrEqualTo(AdaptiveDraftLength.STEPS_OF_A_LENGTH);
        age = 0;
      }
      last = length;
      age++;
    }
  }

  @Test void eachSequenceHasItsOwnLength() {
    Load load = new Load(new AdaptiveDraftLength());
    load.of(1).numAccepted = 0;
    load.steps(15);
    load.of(2).steps(1);

    assertThat(load.run.length(0)).isZero();
    assertThat(load.run.length(1)).isEqualTo(3);
  }

  @Test void wrongCandidatesAreRefused() {
    assertThatThrownBy(() -> new AdaptiveDraftLength(0))
        .hasMessage("candidates has 1 lengths, must have 2 to 100");
    assertThatThrownBy(() -> new AdaptiveDraftLength(1, 2))
        .hasMessage("candidates[0] is 1, must be 0");
    assertThatThrownBy(() -> new AdaptiveDraftLength(0, 2, 2))
        .hasMessage("candidates[2] is 2, must be more than the one before, 2");
  }

  private static List<Integer> lengths(Load load, int numSteps) {
    List<Integer> lengths = new ArrayList<>();
    for (int step = 0; step < numSteps; step++) {
      load.steps(1);
      lengths.add(load.run.length(0));
    }
    return lengths;
  }
}
