package dev.weft.benchmarks.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.benchmarks.speculation.Results.Load;
import dev.weft.benchmarks.speculation.Results.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is made of measured times; none is measured. */
class ResultsTest {
  private static final Load CHAT = new Load("chat", "0");

  private static RunRow row(int round, int batchSize, String drafter, String length, long nanos) {
    DraftCounts drafts = DraftCounts.parse(
        "10,10,5,0,0,0,0,0,8,4,1,0,0,0,0,0".split(",", -1));
    return new RunRow(round, "chat", "0", batchSize, drafter, length, 100, nanos, nanos / 4, 40, 50,
        drafts);
  }

  private static RunRow plain(int round, int batchSize, long nanos) {
    return row(round, batchSize, RunRow.NONE, "0", nanos);
  }

  /** All drafters as one, with the given speed-ups of lengths 1, 2, 4, 8 and of the policy. */
  private static Results results(double... speedups) {
    List<RunRow> rows = new ArrayList<>();
    List<String> lengths = new ArrayList<>(SpeculationBench.LENGTHS);
    lengths.add(RunRow.GOODPUT);
    rows.add(plain(1, 1, 1000));
    for (DrafterKind kind : DrafterKind.values()) {
      IntStream.range(0, lengths.size()).forEach(i -> rows.add(
          row(1, 1, kind.label(), lengths.get(i), Math.round(1000 / speedups[i]))));
      rows.add(plain(1, 1, 1000));
    }
    return new Results("machine", rows);
  }

  @Test void aLineIsReadAsItWasWritten() {
    RunRow row = row(3, 16, "ngram", "4", 12_345);

    assertThat(RunRow.parse(row.line()).line()).isEqualTo(row.line());
    assertThat(row.line().split(",", -1)).hasSameSizeAs(RunRow.columns().split(",", -1));
    assertThatThrownBy(() -> RunRow.parse("1,chat,0"))
        .hasMessage("3 columns instead of 27: 1,chat,0");
  }

  @Test void acceptanceIsThatOfThePositionOrOfAll() {
    DraftCounts drafts = new DraftCounts();
    drafts.add(3, 2);
    drafts.add(2, 0);

    assertThat(drafts.fields()).isEqualTo("2,2,1,0,0,0,0,0,1,1,0,0,0,0,0,0");
    assertThat(drafts.acceptance()).isEqualTo(2 / 5.0);
    assertThat(drafts.acceptance(1)).isEqualTo(0.5);
    assertThat(drafts.acceptance(3)).isNaN();
    assertThat(row(1, 1, "ngram", "4", 1).tokensPerRow()).isEqualTo(2);
  }

  @Test void aRunIsComparedWithPlainDecodingBeforeAndBehindItInItsGroup() {
    Results results = new Results("machine", List.of(
        plain(1, 1, 100), row(1, 1, "ngram", "4", 50), row(1, 1, "ngram", "8", 150),
        plain(1, 1, 300),
        plain(1, 4, 900), row(1, 4, "ngram", "4", 300),
        row(2, 1, "ngram", "4", 100), plain(2, 1, 600)));

    assertThat(results.speedups(CHAT, 1, "ngram", "4")).isEqualTo(new Spread(5, 4, 6));
    assertThat(results.speedups(CHAT, 1, "ngram", "8").median()).isEqualTo(200 / 150.0);
    assertThat(results.speedups(CHAT, 4, "ngram", "4").median()).isEqualTo(3);
    assertThat(results.numRounds()).isEqualTo(2);
    assertThat(results.batchSizes()).containsExactly(1, 4);
  }

  @Test void withoutPlainDecodingThereIsNoSpeedup() {
    assertThatThrownBy(() -> new Results("machine",
        List.of(plain(1, 4, 1), row(1, 1, "ngram", "4", 50))))
        .hasMessageStartingWith("no plain decoding beside 1,chat,0,1,ngram,4,");
  }

  @Test void theOracleTakesTheBestFixedLengthOrNone() {
    assertThat(results(0.8, 1.25, 1.2, 0.5, 2).oracle(CHAT, 1, "model")).isEqualTo("2");
    assertThat(results(0.8, 0.9, 0.5, 0.2, 2).oracle(CHAT, 1, "model")).isEqualTo("0");
  }

  @Test void theTableSetsThePolicyBesideTheOracle() {
    assertThat(new SpeculationTables(results(0.8, 1.25, 1.2, 0.5, 1)).sections()
        .get("speed-up: chat, greedy")).contains("| draft model | 1 | 0.80 (0.80-0.80) "
            + "| 1.25 (1.25-1.25) | 1.20 (1.20-1.20) | 0.50 (0.50-0.50) | 2 | 1.00 (1.00-1.00) "
            + "| 0.80 |\n");
    assertThat(new SpeculationTables(results(0.8, 0.9, 0.5, 0.2, 0.9)).sections()
        .get("speed-up: chat, greedy")).contains("| 0 | 0.90 (0.90-0.90) | 0.90 |\n");
  }

  @Test void aPictureHasALineForEachDrafterAndStaysInItsFrame() {
    String acceptance = SpeculationPage.pictures(results(1, 1, 1, 1, 1))
        .get("speculation-acceptance.svg");

    assertThat(acceptance).startsWith("<svg ").endsWith("</svg>\n").doesNotContain("NaN");
    assertThat(acceptance.split("<polyline", -1)).hasSize(1 + DrafterKind.values().length);
    // Three positions, shares 0.8, 0.4 and 0.2 of a panel 120 high from 64 on.
    assertThat(acceptance).contains("54.6,88.0 75.9,136.0 97.1,160.0\"");
  }

  @Test void anUnknownOptionIsRefused() {
    assertThatThrownBy(() -> BenchOptions.parse("--round=3"))
        .hasMessageContaining("--round=3 is none of --rounds=");
    assertThat(BenchOptions.parse("--batches=1,16").maxBatchSize()).isEqualTo(16);
  }

  @Test void promptsAreOfOneLengthAndThoseThatThereAre() {
    List<int[]> prompts = PromptKind.passages(92);

    assertThat(prompts).allSatisfy(prompt -> assertThat(prompt).hasSize(96).startsWith(1));
    assertThat(prompts.get(0)).isEqualTo(HeldOut.texts().get(7));
    assertThatThrownBy(() -> PromptKind.passages(93))
        .hasMessage("numPrompts is 93, must be 1 to 92");
  }
}
