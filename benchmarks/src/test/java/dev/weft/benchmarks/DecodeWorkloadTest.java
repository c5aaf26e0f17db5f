package dev.weft.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The decode workload does the work that its definition says; nothing is timed. */
final class DecodeWorkloadTest {
  @ParameterizedTest @ValueSource(ints = {1, 16, 20})
  void everyStepDoesTheWorkOfTheDefinition(int numRequests) {
    assertThatCode(() -> new DecodeWorkload(numRequests, 160).run()).doesNotThrowAnyException();
  }

  @Test void otherWorkIsRefused() {
    DecodeWork work = new DecodeWork(16, 16);
    work.begin(100, 0, 0);
    for (int i = 0; i < 16; i++) {
      work.addRows(16, 16);
    }

    work.end(84, 15, 256);

    assertThatThrownBy(work::check).hasMessageContaining("15 blocks keyed, must be 16");
  }

  @Test void aStepWithFewerRowsIsRefused() {
    DecodeWork work = new DecodeWork(16, 16);

    assertThatThrownBy(() -> work.addRows(15, 16)).hasMessageContaining("15 rows");
  }

  @Test void promptsFollowTheFormula() {
    assertThat(Prompts.ofSeed(1, 3)).containsExactly(31, 38, 45);
    assertThat(Prompts.ofSeed(4096, 2)).containsExactly(4096 * 31 % 32003, 4096 * 31 % 32003 + 7);
  }
}
