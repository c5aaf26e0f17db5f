package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The benchmarks have no tokenizer: the token ids that they keep are those of the texts. */
final class HeldOutTokensTest {
  private static final Path MODEL = Path.of("../model");
  private static final Path TOKENS = Path.of("../benchmarks/src/main/resources/"
      + "dev/weft/benchmarks/speculation/heldout-tokens.txt");

  @Test void theTokensOfTheBenchmarksAreThoseOfTheHeldOutPrompts() throws IOException {
    JsonNode prompts = new ObjectMapper()
        .readTree(MODEL.resolve("reference/heldout_prompts.json").toFile()).get("prompts");
    List<String> lines = new ArrayList<>();
    try (AustenTokenizer tokenizer = AustenTokenizer.load(MODEL.resolve("target"))) {
      for (JsonNode prompt : prompts) {
        lines.add(Arrays.stream(tokenizer.encode(prompt.get("text").textValue()))
            .mapToObj(Integer::toString).collect(Collectors.joining(" ")));
      }
    }

    assertThat(Files.readAllLines(TOKENS)).isEqualTo(lines);
  }
}
