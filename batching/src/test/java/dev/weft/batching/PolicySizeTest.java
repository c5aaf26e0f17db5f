package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Policies of other engines are short, because what they have in common is in the API: lines from
 * the declaration of the class on, comments and empty ones not counted.
 */
final class PolicySizeTest {
  private static final int MAX_NUM_LINES = 40;
  private static final Path POLICIES = Path.of("src/main/java/dev/weft/batching/policies");

  @Test void everyPolicyIsShort() throws IOException {
    try (Stream<Path> files = Files.list(POLICIES)) {
      List<Path> policies =
          files.filter(file -> !file.endsWith("package-info.java")).sorted().toList();
      assertThat(policies).hasSizeGreaterThanOrEqualTo(8);
      for (Path policy : policies) {
        assertThat(numLines(Files.readAllLines(policy))).as("%s", policy.getFileName())
            .isBetween(5L, (long) MAX_NUM_LINES);
      }
    }
  }

  @Test void commentsAndEmptyLinesDoNotCount() {
    assertThat(numLines(List.of("package a;", "/** A class. */", "public final class A {", "",
        "  // Why.", "  /**", "   * What.", "   */", "  int a; // One.", "}"))).isEqualTo(3);
  }

  private static long numLines(List<String> lines) {
    return lines.stream().map(String::strip).dropWhile(line -> !line.startsWith("public "))
        .filter(line -> !line.isEmpty() && !line.matches("(//|/\\*|\\*).*")).count();
  }
}
