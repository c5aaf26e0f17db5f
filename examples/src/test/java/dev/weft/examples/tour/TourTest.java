package dev.weft.examples.tour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.examples.ModelFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every example of the tour runs, prints what it promises, is short, and is in the table. */
class TourTest {
  private static final int MAX_NUM_LINES = 80;
  private static final int NUM_EXAMPLES = 17;
  private static final String COMMAND =
      "mvn -q -pl examples -am compile exec:java -Dexec.mainClass=dev.weft.examples.tour.";

  // ---- what they print

  @Test void firstTokens() throws Exception {
    assertThat(printed(Example01FirstTokens::main))
        .contains("It was a truth which nobody doubted, that| she had been")
        .contains("request 1: LENGTH after 32 tokens")
        .contains("17 prompt tokens, first token after ");
  }

  @Test void streamAndCancel() throws Exception {
    assertThat(printed(Example02StreamAndCancel::main))
        .containsPattern("Mr\\. Darcy\\|[^|]{20,}\\|\n")
        .containsPattern("Mrs\\. Bennet\\|[^|]{20,}\\|\n")
        .containsPattern("request 1: ABORT after \\d+ tokens, a whole answer: false")
        .containsPattern("request 2: ABORT after \\d+ tokens, a whole answer: false");
  }

  @Test void ownVictim() throws Exception {
    List<String> lines = printed(Example03OwnVictim::main).lines().toList();

    assertThat(lines).hasSize(8).allMatch(line -> line.contains(": LENGTH after 120 tokens"));
    assertThat(lines.stream().filter(line -> line.startsWith("member"))).hasSize(2)
        .allMatch(line -> line.endsWith("lost its blocks 0 times"));
    assertThat(lines.stream().filter(line -> line.startsWith("guest")))
        .anyMatch(line -> !line.endsWith("lost its blocks 0 times"));
  }

  @Test void ownPolicy() throws Exception {
    String printed = printed(Example04OwnPolicy::main);

    assertThat(printed)
        .containsPattern("shortest prompt first:\n100 runs, .*\nsafe\nlive")
        .containsPattern("first come, first served:\n100 runs, .*\nsafe\nlive");
    assertThat(millis(printed, "99 of 100 get their first token within ", 0))
        .isPositive().isLessThan(millis(printed, "99 of 100 get their first token within ", 1));
    assertThat(millis(printed, "long prompts pay for it: up to ", 0))
        .isGreaterThan(millis(printed, "long prompts pay for it: up to ", 1));
  }

  private static long millis(String printed, String begin, int index) {
    String line = printed.lines().filter(l -> l.startsWith(begin)).findFirst().orElseThrow();
    String[] numbers = line.replace(begin, "").replace(" ms", "").split(" instead of ", -1);
    return Long.parseLong(numbers[index]);
  }

  @Test void thePolicyHasTwentyLines() throws IOException {
    assertThat(Files.readAllLines(source("Example04OwnPolicy")).stream()
        .dropWhile(line -> !line.startsWith("  static final class ShortestPromptFirst")).skip(1)
        .takeWhile(line -> !line.equals("  }")).filter(line -> !line.isBlank()))
        .hasSizeBetween(10, 20);
  }

  @Test void prefixSharing() throws Exception {
    assertThat(printed(Example05PrefixSharing::main))
        .containsPattern("Ann, first: +97 prompt tokens, 0 of them cached")
        .containsPattern("Bob, second: +100 prompt tokens, 80 of them cached")
        .containsPattern("Eve, salted: +97 prompt tokens, 0 of them cached");
  }

  @Test void parallelSamples() throws Exception {
    String printed = printed(Example06ParallelSamples::main);

    List<String> samples = printed.lines().filter(line -> line.startsWith("  sample ")).toList();
    assertThat(samples).hasSize(4)
        .allMatch(line -> line.matches("  sample \\d \\(-\\d.\\d+\\): .{20,}"));
    assertThat(samples.stream().map(line -> line.substring(line.indexOf(':'))))
        .doesNotHaveDuplicates();
    assertThat(printed).contains("the prompt was computed once and forked 3 times");
  }

  @Test void ownLoop() throws Exception {
    assertThat(printed(Example07OwnLoop::main))
        .contains("step 1: 2 running,  8 tokens computed, output 1 and 0 tokens")
        .contains("step 5: 2 running, 22 tokens computed, output 5 and 4 tokens")
        .containsPattern("She was\\| .{20,}\n")
        .containsPattern("The carriage drove to the door of\\| .{20,}\n");
  }

  @Test void deadlinesAndOverload() throws Exception {
    assertThat(printed(Example08DeadlinesAndOverload::main))
        .containsPattern("ann: FULL, try again in [1-9]\\d* ms: .* 2 requests of tenant \"ann\"")
        .containsPattern("cleo: FULL, try again in [1-9]\\d* ms: .* at most 3 may wait")
        .contains("dan: INVALID, request 6: promptTokens has 1024 tokens")
        .contains("ann: request 1: LENGTH after 900 tokens")
        .contains("bob: request 4: DEADLINE after 0 tokens")
        .contains("ready for more: true");
  }

  @Test void stopStrings() throws Exception {
    assertThat(printed(Example09StopStrings::main))
        .containsPattern("Mr\\. Knightley was not\\| .{10,}\\|\n")
        .containsPattern("request 1: STOP after \\d+ tokens, a whole answer: true")
        .doesNotContain("the |");
  }

  @Test void reactive() throws Exception {
    String printed = printed(Example10Reactive::main);

    assertThat(printed.lines()).hasSize(6).first().isEqualTo("Catherine opened the door, and");
    assertThat(printed).endsWith("complete after 18 tokens\n");
  }

  @Test void ownExecutor() throws Exception {
    assertThat(printed(Example11OwnExecutor::main))
        .isEqualTo("Polly wants a cracker. Po|lly wants a cracker. Polly wants a cracker. Po\n");
  }

  @Test void flightRecorder() throws Exception {
    assertThat(printed(Example12FlightRecorder::main))
        .contains("recorded: the whole run\n")
        .containsPattern("step 5 had 3 rows; 3 requests ran, \\d+ blocks were free")
        .contains("every decision as recorded: true, after 33 tokens");
  }

  @Test void promptLookup() throws Exception {
    String printed = printed(Example13PromptLookup::main);

    assertThat(printed)
        .containsPattern("96 tokens in \\d+ steps; [1-9]\\d* of \\d+ drafts came out")
        .contains("as without drafts: true");
  }

  @Test void draftModel() throws Exception {
    assertThat(printed(Example14DraftModel::main))
        .containsPattern("64 tokens in \\d+ steps; [1-9]\\d* of \\d+ drafts came out")
        .contains("as without drafts: true");
  }

  @Test void ownDrafter() throws Exception {
    List<String> lines = printed(Example15OwnDrafter::main).lines().toList();

    assertThat(lines).hasSize(3).first().asString().startsWith("round 1: 48 tokens in 48 steps:");
    assertThat(lines.get(1)).matches("round 2: 48 tokens in ([123]?\\d|4[0-7]) steps:.*");
    assertThat(lines.stream().map(line -> line.substring(line.indexOf("steps:"))).distinct())
        .hasSize(1);
  }

  @Test void selfSpeculation() throws Exception {
    List<String> lines = printed(Example16SelfSpeculation::main).lines().toList();

    assertThat(lines).hasSize(6).last().asString().startsWith("6 of 6 layers: 1");
    assertThat(lines.stream().map(line -> line.substring(line.indexOf("out:"))).distinct())
        .hasSize(1);
  }

  @Test void slotEngine() throws Exception {
    assertThat(printed(Example17SlotEngine::main))
        .contains("Polly wants a cracker. Po|lly wants a cracker. Pol\n")
        .contains("one two one t|wo one two one two one t\n")
        .containsPattern("181 tokens in \\d+ steps, none of them computed twice: true\n");
  }

  // ---- how they are presented

  @Test void everyFileIsShort() throws IOException {
    try (Stream<Path> files = Files.list(source("Example11OwnExecutor").getParent())) {
      for (Path file : files.toList()) {
        assertThat(Files.readAllLines(file)).as(file.toString())
            .hasSizeLessThanOrEqualTo(MAX_NUM_LINES);
      }
    }
  }

  @Test void everyExampleIsInTheTableWithItsCommand() throws IOException {
    String readme = Files.readString(repository().resolve("examples/README.md"));
    try (Stream<Path> files = Files.list(source("Example11OwnExecutor").getParent())) {
      List<String> names = files.map(file -> file.getFileName().toString().replace(".java", ""))
          .filter(name -> name.startsWith("Example")).sorted().toList();

      assertThat(names).hasSize(NUM_EXAMPLES);
      for (String name : names) {
        assertThat(readme).contains("src/main/java/dev/weft/examples/tour/" + name + ".java");
      }
      assertThat(readme).contains(COMMAND + names.get(0));
    }
  }

  // ---- running one

  private static String printed(Example example) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setOut(out);
      example.run();
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
  }

  private static Path repository() {
    return ModelFolder.nearest().root().resolveSibling("");
  }

  private static Path source(String name) {
    return repository()
        .resolve("examples/src/main/java/dev/weft/examples/tour/" + name + ".java");
  }

  /** A main method. */
  private interface Example {
    void run(String... arguments) throws Exception;
  }
}
