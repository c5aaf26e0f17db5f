package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SeedReportTest {
  private final SeedReport report = new SeedReport("simulator", "random");

  @Test void aFailureSaysHowToRepeatIt() {
    assertThatThrownBy(() -> report.run(15, () -> {
      throw new AssertionError("I1: a block is lost");
    })).isInstanceOf(AssertionError.class).hasMessage("policy=random seed=15  reproduce: mvn -pl "
        + "simulator -am test -Dweft.seed=15 -Dweft.policy=random  java.lang.AssertionError: I1: a "
        + "block is lost");
  }

  @Test void seedsFollowEachOther() {
    assertThat(report.seeds(5, 3)).containsExactly(5, 6, 7);
  }
}
