package dev.weft.benchmarks.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Numbers reach the tables as they were measured, and what must not be is told. */
final class SchedulerTablesTest {
  private static final String DECODE = """
      {"benchmark": "dev.weft.benchmarks.DecodeBenchmark.decode", "vmName": "VM",
       "jdkVersion": "17", "jvmArgs": ["-Xmx4g"], "forks": 2, "measurementIterations": 2,
       "params": {"engine": "%s", "numRequests": "1024"},
       "secondaryMetrics": {
         "stepCpuMin": {"score": %s, "scoreError": "NaN", "rawData": [[1, 1], [1, 1]]},
         "stepCpuMedian": {"score": %s, "scoreError": 1.23, "rawData": [[1, 1], [1, 1]]},
         "allocatedBytesPerStep": {"score": 25, "rawData": [[0, %s], [0.1, 99]]}}}
      """;

  @TempDir private Path folder;

  private SchedulerTables tables(String... results) throws IOException {
    Path file = folder.resolve("result.json");
    Files.writeString(file, "[" + String.join(",", results) + "]");
    return new SchedulerTables(JmhResults.read(file));
  }

  @Test void aRowHoldsOurTimesThoseOfOthersAndTheVerdict() throws IOException {
    Map<String, String> sections = tables(
        DECODE.formatted("WEFT", "30.96", "40", "0"),
        DECODE.formatted("NAIVE", "90", "100", "8")).sections();

    assertThat(sections.get("decode")).endsWith("\n| 1,024 | 31.0 | 40.0 ± 1.2 | 39.1 | 40.0, met "
        + "| 100 | 2.50 | 15,480 | 500 | 0 |\n");
    assertThat(sections.get("conditions")).isEqualTo("VM 17 -Xmx4g, 2 x 2 iterations\n");
  }

  @Test void aMissedGoalIsTold() throws IOException {
    assertThat(tables(DECODE.formatted("WEFT", "30", "40.1", "0")).sections().get("decode"))
        .contains("| 40.0, **missed** |");
  }

  @Test void bytesInTheUsualIterationAreAFailure() throws IOException {
    SchedulerTables tables = tables(DECODE.formatted("WEFT", "30", "40", "16"));
    tables.sections();

    assertThat(tables.failures()).containsExactly(
        "DecodeBenchmark.decode engine=WEFT numRequests=1024 allocates 16.0 bytes a step, "
            + "must be 0");
  }

  @Test void bytesInASingleIterationAreNot() throws IOException {
    SchedulerTables tables = tables(DECODE.formatted("WEFT", "30", "40", "0"));
    tables.sections();

    assertThat(tables.failures()).isEmpty();
  }

  @Test void theSameResultTwiceIsRefused() throws IOException {
    SchedulerTables tables = tables(
        DECODE.formatted("WEFT", "30", "40", "0"), DECODE.formatted("WEFT", "30", "41", "0"));

    assertThatThrownBy(tables::sections).hasMessage(
        "2 results of DecodeBenchmark.decode [engine=WEFT, numRequests=1024]");
  }

  @Test void numbersHaveThreeDigits() {
    assertThat(TableText.number(12_345.6)).isEqualTo("12,346");
    assertThat(TableText.number(99.96)).isEqualTo("100");
    assertThat(TableText.number(9.999)).isEqualTo("10.0");
    assertThat(TableText.number(1.234)).isEqualTo("1.23");
    assertThat(TableText.number(0.0256)).isEqualTo("0.026");
    assertThat(TableText.number(0)).isEqualTo("0.00");
    assertThat(TableText.number(Double.NaN)).isEmpty();
  }

  @Test void theMinuteTableComparesTheTails() throws IOException {
    Path file = folder.resolve("minute.csv");
    Files.writeString(file, "workload,steps,step_median_ns,step_p99_ns,step_p999_ns,step_max_ns,"
        + "loop_median_ns,loop_p999_ns,collections,deoptimisations,allocated_bytes\n"
        + "decode weft,1000,40000,50000,80000,90000,40000,60000,0,1,2000\n");

    assertThat(MinuteTable.read(file)).endsWith("\n| decode weft | 1,000 | 40.0 | 50.0 | 80.0 "
        + "| 90.0 | 2.00 | 1.50 | 1.33 | 0 | 1 | 2.00 |\n");
  }

  @Test void aPageKeepsWhatIsAroundItsTables() {
    String page = "a\n<!-- table: x -->\nold\n<!-- end -->\nb\n";

    assertThat(Page.fill(page, Map.of("x", "new\n")))
        .isEqualTo("a\n<!-- table: x -->\n\nnew\n\n<!-- end -->\nb\n");
    assertThatThrownBy(() -> Page.fill(page, Map.of("y", "new")))
        .hasMessage("the page has no place for y");
  }
}
