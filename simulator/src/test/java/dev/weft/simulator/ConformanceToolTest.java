package dev.weft.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tools/conformance prints and exits with. */
final class ConformanceToolTest {
  private static final String SCENARIO = """
      {"scenario": {"name": "one", "vocab": 100, "max_steps": 9, "config": {"block_size": 4,
      "num_blocks": 9, "max_num_seqs": 2, "max_num_batched_tokens": 8, "max_model_len": 16},
      "requests": [{"id": "a", "seed": 1, "prompt": [{"tokens": [5, 6, 7]}], "max_tokens": 1}]},
      "golden": {"steps": [{"step": 0, "added": ["a"], "scheduled": [{"id": "a", "kind": "new",
      "start": 0, "n": 3, "blocks": [1]}], "total": 3, "common_prefix_blocks": 1,
      "free_after_schedule": 7, "outputs": [{"id": "a", "tokens": [52], "finish": "length"}],
      "lookup": {"requests": 1, "queries": 3, "hits": 0, "resumed_requests": 0,
      "resumed_queries": 0, "resumed_hits": 0}, "running": [], "waiting": [], "free": 8,
      "cached_keys": 0}, {"step": 1, "scheduled": [], "total": 0, "released": ["a"],
      "common_prefix_blocks": 0, "free_after_schedule": 8, "outputs": [], "running": [],
      "waiting": [], "free": 8, "cached_keys": 0}], "final": {"steps": 2, "end": "drained",
      "finish": {"a": "length"}, "output_len": {"a": 1}, "free": 8, "cached_keys": 0,
      "preemptions": 0, "evictions": 0, "free_order": [1, 2, 3, 4, 5, 6, 7, 8],
      "hashed_blocks": []}}}""".replace("\n", " ");

  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream error = new ByteArrayOutputStream();

  @BeforeEach void writeScenario() throws IOException {
    write(SCENARIO);
  }

  private void write(String... lines) throws IOException {
    Files.write(folder.resolve("some.jsonl"), List.of(lines));
  }

  private int run(String... arguments) {
    out.reset();
    error.reset();
    return ConformanceTool.run(List.of(arguments), new PrintStream(out, true, UTF_8),
        new PrintStream(error, true, UTF_8));
  }

  private String out() {
    return out.toString(UTF_8);
  }

  @Test void equalScenariosExitWithZero() {
    assertThat(run(folder.toString())).isZero();
    assertThat(out()).isEqualTo("1 of 1 scenarios equal\n");
  }

  @Test void aDifferenceNamesScenarioStepFieldAndBothValues() throws IOException {
    write(SCENARIO.replace("\"n\": 3", "\"n\": 2"), "", SCENARIO.replace("\"one\"", "\"two\""));

    assertThat(run(folder.toString())).isEqualTo(ConformanceTool.DIFFERENT);
    assertThat(out()).isEqualTo("""
        one: step 0: scheduled[0].n: expected 2, found 3
        1 of 2 scenarios equal
        """);
  }

  @Test void whatTheGoldenDoesNotSayIsADifference() throws IOException {
    write(SCENARIO.replace("\"added\": [\"a\"], ", ""));

    assertThat(run(folder.toString())).isEqualTo(ConformanceTool.DIFFERENT);
    assertThat(out()).startsWith("one: step 0: added: expected absent, found [a]\n");
  }

  @Test void lowerLevelsLookAtLess() throws IOException {
    write(SCENARIO.replace("\"blocks\": [1]", "\"blocks\": [3]"));

    assertThat(run(folder.toString(), "--level", "3")).isEqualTo(ConformanceTool.DIFFERENT);
    assertThat(run(folder.toString(), "--level", "2")).isZero();

    write(SCENARIO.replace("\"free\": 8", "\"free\": 7"));
    assertThat(run(folder.toString(), "--level", "2")).isEqualTo(ConformanceTool.DIFFERENT);
    assertThat(run(folder.toString(), "--level", "1")).isZero();

    write(SCENARIO.replace("[52]", "[53]"));
    assertThat(run(folder.toString(), "--level", "1")).isEqualTo(ConformanceTool.DIFFERENT);
  }

  @Test void theDefaultProfileIsRunWhenAskedFor() throws IOException {
    write(SCENARIO.replace("\"max_model_len\": 16}",
        "\"max_model_len\": 16, \"long_prefill_token_threshold\": 2}"));

    assertThat(run(folder.toString(), "--profile", "default")).isZero();
    assertThat(run(folder.toString(), "--profile", "vllm")).isEqualTo(ConformanceTool.DIFFERENT);
  }

  @Test void manyDifferencesAreCutShort() throws IOException {
    write(SCENARIO.replace("\"max_num_batched_tokens\": 8", "\"max_num_batched_tokens\": 1"));

    assertThat(run(folder.toString())).isEqualTo(ConformanceTool.DIFFERENT);
    assertThat(out().lines()).hasSize(7);
    assertThat(out()).containsPattern("one: and \\d+ more\n0 of 1 scenarios equal\n$");
  }

  @Test void aWrongPromptIsTold() throws IOException {
    write(SCENARIO.replace("\"golden\": {", "\"golden\": {\"prompt_check\": {\"a\": 45}, "));

    assertThat(run(folder.toString())).isEqualTo(ConformanceTool.DIFFERENT);
    assertThat(out()).startsWith("one: prompt_check.a: expected 45, found 44\n");
  }

  @Test void aBrokenLineIsNamedAndHidesNoOther() throws IOException {
    Map<String, String> messages = Map.of(
        "{\"scenario\": ", "is no JSON: column ",
        "[1]", "is no JSON object",
        SCENARIO + " 1", "goes on behind the JSON object",
        SCENARIO.replace("\"seed\": 1, ", ""), "scenario.requests[0].seed is absent, must be a",
        SCENARIO.replace("\"num_blocks\": 9", "\"num_blocks\": 1"),
        "scenario.config.num_blocks is 1, must be a whole number from 2 to 1048576",
        SCENARIO.replace("[5, 6, 7]", "[5, \"x\"]"),
        "scenario.requests[0].prompt[0].tokens[1] is \"x\", must be a whole number from 0 to ",
        SCENARIO.replace("\"name\": \"one\"", "\"name\": \"zero\""),
        "scenario.name is \"zero\", as in some.jsonl: line 1, must be another name",
        SCENARIO.replace("\"golden\"", "\"gold\""), "golden is absent, must be an object",
        SCENARIO.replace("{\"tokens\": [5, 6, 7]}", "{\"prompt_of\": \"a\"}"),
        "scenario.requests[0].prompt is [{prompt_of=a}], must be free of circles");
    String first = SCENARIO.replace("\"name\": \"one\"", "\"name\": \"zero\"");
    for (Map.Entry<String, String> broken : messages.entrySet()) {
      write(first, broken.getKey(), SCENARIO.replace("\"one\"", "\"two\""));

      assertThat(run(folder.toString())).as(broken.getValue()).isEqualTo(ConformanceTool.NOT_RUN);
      assertThat(out()).startsWith("some.jsonl: line 2: " + broken.getValue())
          .endsWith("2 of 3 scenarios equal\n");
    }
  }

  @Test void whatCannotBeRunSaysWhy() throws IOException {
    assertFails("no directory is named");
    assertFails("/no/such/place is not a directory", "/no/such/place");
    assertFails("--level is 4, must be 1, 2 or 3", folder.toString(), "--level", "4");
    assertFails("--profile is llama, must be vllm or default", folder.toString(), "--profile",
        "llama");
    assertFails("--level has no value", folder.toString(), "--level");
    assertFails("unknown option --lebel", folder.toString(), "--lebel", "3");
    write("");
    assertFails("holds no scenario", folder.toString());
    Files.delete(folder.resolve("some.jsonl"));
    assertFails("holds no .jsonl or .jsonl.gz file", folder.toString());
    Files.writeString(folder.resolve("plain.jsonl.gz"), SCENARIO);
    assertFails("plain.jsonl.gz: ", folder.toString());
  }

  private void assertFails(String message, String... arguments) {
    assertThat(run(arguments)).isEqualTo(ConformanceTool.NOT_RUN);
    assertThat(error.toString(UTF_8)).startsWith("conformance: ").contains(message);
  }
}
