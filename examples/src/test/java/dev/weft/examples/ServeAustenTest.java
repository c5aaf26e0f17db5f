package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SequenceSeed;
import dev.weft.schedulerapi.StepExecutor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole run with few requests, right and with a planted mistake. */
class ServeAustenTest {
  private static final int NUM_REQUESTS = 16;

  @TempDir static Path folder;
  private static RunReport report;
  private static String printed;
  private static JsonNode outputs;
  private static String page;
  private static JsonNode trace;

  @BeforeAll
  static void serve() throws IOException, InterruptedException {
    Path file = folder.resolve("outputs.json");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    report = serve(bytes, UnaryOperator.identity(),
        "--executor", "host",
        "--requests", String.valueOf(NUM_REQUESTS), "--outputs", file.toString(),
        "--timeline", folder.resolve("run.html").toString(),
        "--trace", folder.resolve("run.json").toString());
    page = Files.readString(folder.resolve("run.html"));
    trace = new ObjectMapper().readTree(folder.resolve("run.json").toFile());
    printed = bytes.toString(StandardCharsets.UTF_8);
    outputs = new ObjectMapper().readTree(file.toFile());
  }

  private static RunReport serve(ByteArrayOutputStream bytes,
      UnaryOperator<StepExecutor> wrapping, String... arguments)
      throws IOException, InterruptedException {
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    return new ServeAusten(ServeOptions.parse(arguments), out, wrapping).run();
  }

  @Test
  void everyOutputEqualsTheRequestRunAlone() {
    assertThat(report.alone().differences()).isEmpty();
    assertThat(report.verdict()).isEqualTo("16 of 16 outputs equal the request run alone");
    report.requireSuccess();
  }

  @Test
  void everythingHappenedThatCouldSpoilAnOutput() {
    assertThat(report.figures().missing()).isEmpty();
  }

  @Test
  void theTableEndsWithTheVerdict() {
    assertThat(printed.lines()).contains(report.verdict());
    assertThat(printed).contains("together", "time to first token", "prefix hit rate",
        "preemptions", "KV blocks at the peak");
  }

  @Test
  void nothingButTextAndLineEndsIsPrintedWhereNobodyWatches() {
    assertThat(printed.replaceAll("\\R", "")).doesNotContainPattern("\\p{Cntrl}");
  }

  @Test
  void aWrongBlockTableEntryIsSeen() throws IOException, InterruptedException {
    RunReport wrong = serve(new ByteArrayOutputStream(), WrongTableEntry::plantedIn,
        "--executor", "host", "--requests", String.valueOf(NUM_REQUESTS));

    assertThat(wrong.alone().numEqual()).isLessThan(NUM_REQUESTS);
    assertThatThrownBy(wrong::requireSuccess)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(wrong.alone().numEqual() + " of 16 outputs equal")
        .hasMessageContaining("alone ");
    assertThat(differencesThatRoundingDoesNotExplain(wrong)).isNotEmpty();
    assertThat(differencesThatRoundingDoesNotExplain(report)).isEmpty();
  }

  private static List<String> differencesThatRoundingDoesNotExplain(RunReport report)
      throws IOException {
    try (SoloDecoder decoder =
        SoloDecoder.singleThreaded(HostModel.load(ModelFolder.nearest().target()))) {
      return SoloComparison.of(report.requests(), report.served(), decoder,
          new SoloComparisonTest.Unseen(), ServingExecutor.TOLERANCE_OF_BF16).differences();
    }
  }

  @Test
  void differencesThatRoundingExplainsPassAndAreCounted() {
    SoloComparison alone = new SoloComparison(14, 2, 3, List.of(), 1);
    RunReport rounded =
        new RunReport(report.requests(), report.served(), report.figures(), alone, false);

    assertThat(rounded.verdict()).isEqualTo("14 of 16 outputs equal the request run alone on the"
        + " host, 2 differ only where rounding decides (3 tokens)");
    rounded.requireSuccess();
  }

  @Test
  void aDifferenceThatRoundingDoesNotExplainFails() {
    SoloComparison alone = new SoloComparison(13, 2, 3, List.of("request 3 sample 0: other"), 1);
    RunReport wrong =
        new RunReport(report.requests(), report.served(), report.figures(), alone, false);

    assertThatThrownBy(wrong::requireSuccess).hasMessage(
        wrong.verdict() + "; request 3 sample 0: other");
  }

  @Test
  void aRunThatPutsNothingToTheTestFails() {
    RunReport idle = new RunReport(report.requests(), report.served(),
        new ServingFigures(0, 0, 0, 0, 0, 0, 100, 0, 0), report.alone(), true);

    assertThatThrownBy(idle::requireSuccess)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("there was no preemption; there was no prefix hit; there was no chunked prompt;"
            + " there was no fork; there was no shared block");
  }

  @Test
  void theOutputsFileHoldsWhatWasAskedFor() {
    assertThat(outputs.get("requests")).hasSize(NUM_REQUESTS);
    for (TimedRequest timed : report.requests()) {
      Request request = timed.request();
      JsonNode node = outputs.get("requests").get((int) request.id());
      JsonNode parameters = node.get("parameters");
      int[] prompt = new int[request.numPromptTokens()];
      request.copyPromptTokens(0, prompt, 0, prompt.length);

      assertThat(node.get("id").longValue()).isEqualTo(request.id());
      assertThat(ints(node.get("prompt_token_ids"))).isEqualTo(prompt);
      assertThat(parameters.get("max_tokens").intValue()).isEqualTo(timed.maxNewTokens());
      assertThat(parameters.get("temperature").floatValue())
          .isEqualTo(request.sampling().temperature());
      assertThat(parameters.get("top_k").intValue()).isZero();
      assertThat(parameters.get("top_p").floatValue()).isEqualTo(1);
      assertThat(parameters.get("n").intValue()).isEqualTo(timed.numSamples());
      assertThat(ints(parameters.get("stop_token_ids"))).containsExactly(2);
      assertThat(node.get("samples")).hasSize(timed.numSamples());
    }
  }

  @Test
  void theOutputsFileHoldsWhatWasServed() throws IOException {
    try (AustenTokenizer tokenizer = AustenTokenizer.load(ModelFolder.nearest().target())) {
      for (JsonNode node : outputs.get("requests")) {
        int id = node.get("id").intValue();
        long seed = node.get("parameters").get("seed").longValue();
        for (int j = 0; j < node.get("samples").size(); j++) {
          JsonNode sample = node.get("samples").get(j);
          int[] tokens = report.served().sample(id, j).tokens();

          assertThat(ints(sample.get("token_ids"))).isEqualTo(tokens).isNotEmpty();
          assertThat(sample.get("seed").longValue()).isEqualTo(SequenceSeed.ofSample(seed, j));
          assertThat(sample.get("finish_reason").textValue()).isIn("length", "stop");
          assertThat(sample.get("text").textValue()).isEqualTo(tokenizer.decode(tokens));
        }
      }
    }
  }

  @Test
  void theTimelineShowsTheRun() throws IOException {
    int begin = page.indexOf('>', page.indexOf("id=\"recording\"")) + 1;
    JsonNode data = new ObjectMapper().readTree(page.substring(begin, page.indexOf("</", begin)));
    long numTokens = 0;
    for (JsonNode number : data.get("sequences").get("numOutputTokens")) {
      numTokens += number.longValue();
    }

    assertThat(data.get("steps").get("stepId").size())
        .isGreaterThanOrEqualTo((int) report.served().numSteps());
    assertThat(numTokens).isEqualTo(report.served().numTokens());
    assertThat(data.get("preemptions").get("sequence").size())
        .isEqualTo((int) report.figures().numPreemptions());
    assertThat(data.get("limits").get("maxNumSeqs").intValue()).isEqualTo(32);
    assertThat(printed).contains("the timeline is in");
    assertThat(trace.get("traceEvents")).hasSizeGreaterThan(NUM_REQUESTS);
  }

  private static int[] ints(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
  }
}
