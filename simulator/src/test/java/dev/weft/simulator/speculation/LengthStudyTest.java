package dev.weft.simulator.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Adaptive lengths keep up with the best fixed length, wherever that is; docs/ shows the same. */
final class LengthStudyTest {
  private static final double SHARE_OF_ORACLE = 0.95;
  private static final Path TRACE =
      Path.of("../shared/traces/requests/sharegpt_llama31-8b_derived.jsonl.gz");
  private static List<LengthTable> tables;

  @BeforeAll static void replay() throws IOException {
    tables = LengthStudy.tables();
  }

  /** Tests run in the folder of their module, or of the repository. */
  private static Path ofRepository(Path path) {
    return Files.exists(path) ? path : Path.of("..").resolve(path);
  }

  @Test void goodputIsWithinFivePercentOfTheBestFixedLengthEverywhere() {
    assertThat(tables).hasSize(4).allSatisfy(LengthStudyTest::assertNearOracle);
  }

  private static void assertNearOracle(LengthTable table) {
    assertThat(table.rows()).hasSize(LengthStudy.BATCH_SIZES.length).allSatisfy(row -> {
      assertThat(row.goodput() / row.oracle()).as("%s, batch %s, time measured", table.title(),
          row.batchSize()).isGreaterThan(SHARE_OF_ORACLE);
      assertThat(row.goodputModelled() / row.oracle()).as("%s, batch %s, time given",
          table.title(), row.batchSize()).isGreaterThan(SHARE_OF_ORACLE);
    });
  }

  @Test void nobodyBeatsWhoSeesTheFuture() {
    assertThat(tables).allSatisfy(table -> assertThat(table.rows()).allSatisfy(row ->
        assertThat(row.clairvoyant()).isGreaterThanOrEqualTo(0.999 * Math.max(
            Math.max(row.oracle(), row.goodput()), Math.max(row.adaptive(), row.slo())))));
  }

  @Test void goodputLosesNothingAgainstNoDrafts() {
    assertThat(tables).allSatisfy(table -> assertThat(table.rows()).allSatisfy(row ->
        assertThat(row.goodput()).isGreaterThan(row.plain())));
  }

  @Test void thePageShowsTheseTables() throws IOException {
    String page = Files.readString(ofRepository(LengthStudy.PAGE));

    assertThat(page).as("to generate it anew: tools/draft-lengths --write")
        .isEqualTo(LengthStudy.update(page, tables));
    assertThat(Files.readString(ofRepository(LengthStudy.PLOT))).as("the same command")
        .isEqualTo(LengthPlot.svg(tables));
  }

  @Test void soItIsOnAPublicTrace() throws IOException {
    Path trace = ofRepository(TRACE);
    assumeTrue(Files.exists(trace), "no trace " + TRACE + ": nothing to replay");

    assertThat(LengthStudy.ofTrace(trace)).allSatisfy(LengthStudyTest::assertNearOracle);
  }

  @Test void aPageWithoutAPlaceIsRefused() {
    assertThatThrownBy(() -> LengthStudy.update("text", tables))
        .hasMessage("the page has no part from <!-- draft lengths --> to <!-- end -->");
  }

  @Test void aRecordingIsReadAsItIsWritten() throws IOException {
    RecordedAcceptance recorded = read("# where from\n12 0813 0701\n");

    RecordedAcceptance.Request request = recorded.request(0);
    assertThat(request.numOutputTokens()).isEqualTo(5);
    assertThat(request.numProposed(1)).isZero();
    assertThat(request.numProposed(2)).isEqualTo(8);
    assertThat(request.numAccepted(2)).isEqualTo(7);
    assertThat(request.numProposed(5)).isZero();
    assertThat(request).hasToString("12 0813 0701");
  }

  @Test void wrongRecordingsAreRefused() {
    assertThatThrownBy(() -> read("#\n12 08\n")).hasMessage("name:2: has 2 fields, must have 3");
    assertThatThrownBy(() -> read("12 08 0\n"))
        .hasMessage("proposed has 2 digits, accepted 1, must be as many");
    assertThatThrownBy(() -> read("12 01 02\n"))
        .hasMessage("position 1: accepted is 2 of 1, must be 0 to proposed, at most 8");
    assertThatThrownBy(() -> read("12 09 00\n"))
        .hasMessage("position 1: accepted is 0 of 9, must be 0 to proposed, at most 8");
  }

  private static RecordedAcceptance read(String text) throws IOException {
    return RecordedAcceptance.read("name",
        new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)));
  }
}
