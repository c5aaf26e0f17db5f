package dev.weft.benchmarks.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.benchmarks.table.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/speculation.md says what the committed results say; tools/bench-speculation writes it. */
final class SpeculationPageTest {
  private static final Path DOCS = Path.of("../docs");

  private final Results results;

  SpeculationPageTest() throws IOException {
    results = Results.read(DOCS.resolve("benchmarks/speculation-host-jdk17.csv"));
  }

  @Test void itsTablesAreThoseOfTheCommittedResults() throws IOException {
    String page = Files.readString(DOCS.resolve(SpeculationPage.PAGE));

    assertThat(Page.fill(page, new SpeculationTables(results).sections()))
        .as("run tools/bench-speculation --page").isEqualTo(page);
  }

  @Test void itsPicturesAreThoseOfTheCommittedResults() throws IOException {
    String page = Files.readString(DOCS.resolve(SpeculationPage.PAGE));
    for (var picture : SpeculationPage.pictures(results).entrySet()) {
      assertThat(DOCS.resolve(picture.getKey())).hasContent(picture.getValue());
      assertThat(page).contains("](" + picture.getKey() + ")");
    }
  }

  @Test void everyDrafterAndLengthWasMeasuredInEveryRoundAtEveryBatchSize() {
    for (Results.Load load : results.loads()) {
      for (int batchSize : results.batchSizes()) {
        for (DrafterKind drafter : DrafterKind.values()) {
          assertThat(results.speedups(load, batchSize, drafter.label(), "8").least()).isPositive();
        }
      }
    }
    assertThat(results.loads()).hasSize(4);
    assertThat(results.batchSizes()).containsExactly(1, 4, 16, 64);
    assertThat(results.numRounds()).isGreaterThanOrEqualTo(3);
  }
}
