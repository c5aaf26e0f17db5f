package dev.weft.benchmarks.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** docs/performance.md says what the committed results say; tools/bench-table writes it. */
final class PerformancePageTest {
  private static final Path DOCS = Path.of("../docs");
  private static final Path RESULTS = DOCS.resolve("benchmarks");

  private final SchedulerTables tables;
  private final Map<String, String> sections;

  PerformancePageTest() throws IOException {
    tables = new SchedulerTables(JmhResults.read(RESULTS.resolve("scheduler-jdk17.json")));
    sections = TableMain.sections(tables, RESULTS.resolve("scheduler-minute-jdk17.csv"));
  }

  @Test void itsTablesAreThoseOfTheCommittedResults() throws IOException {
    String page = Files.readString(DOCS.resolve("performance.md"));

    assertThat(Page.fill(page, sections)).as("run tools/bench-table").isEqualTo(page);
  }

  @Test void noStepOfTheCommittedResultsAllocates() {
    assertThat(tables.failures()).isEmpty();
  }

  @Test void theCommittedMinutesAreThere() {
    assertThat(sections).containsKey("minute");
  }
}
