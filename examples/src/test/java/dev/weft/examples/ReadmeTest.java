package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What README.md shows is compiled: its example is {@link EmbedWeft}, letter for letter. */
class ReadmeTest {
  private static final String MARK = "<!-- embed -->";
  private static final Path ROOT = SourceFile.repository();

  @Test
  void theExampleOfTheReadmeIsTheOneThatIsCompiled() throws IOException {
    Path readme = ROOT.resolve("README.md");
    String source = embeddingExample();
    String wanted = MARK + "\n```java\n" + source + "\n```\n";

    assertThat(readme).as("README.md must hold\n\n" + wanted).isRegularFile();
    assertThat(blockBehindMark(Files.readString(readme)))
        .as("README.md must show EmbedWeft in the block behind its line " + MARK + ":\n\n" + wanted)
        .isEqualTo(source);
  }

  @Test
  void theExampleIsShort() throws IOException {
    assertThat(embeddingExample().lines().count()).isBetween(5L, 16L);
  }

  @Test
  void theBlockBehindTheMarkIsTaken() {
    String block = "```java\nint a;\n  int b;\n```\n";

    assertThat(blockBehindMark("```java\nint x;\n```\n" + MARK + "\n" + block + block))
        .isEqualTo("int a;\n  int b;");
  }

  @Test
  void aTextWithoutMarkOrBlockHasNone() {
    assertThat(blockBehindMark("```java\nint x;\n```\n")).isEqualTo("no line " + MARK);
    assertThat(blockBehindMark(MARK + "\ntext\n")).isEqualTo("no ```java behind " + MARK);
  }

  /** The lines between the marks of the source, moved to the left. */
  private static String embeddingExample() throws IOException {
    List<String> lines = Files.readAllLines(
        ROOT.resolve("examples/src/main/java/dev/weft/examples/EmbedWeft.java"));
    int begin = lines.indexOf("    // embed: begin");
    int end = lines.indexOf("    // embed: end");
    return lines.subList(begin + 1, end).stream()
        .collect(Collectors.joining("\n"))
        .stripIndent();
  }

  private static String blockBehindMark(String text) {
    List<String> lines = text.lines().toList();
    int mark = lines.indexOf(MARK);
    if (mark < 0) {
      return "no line " + MARK;
    }
    if (mark + 1 == lines.size() || !lines.get(mark + 1).equals("```java")) {
      return "no ```java behind " + MARK;
    }
    List<String> behind = lines.subList(mark + 2, lines.size());
    int end = behind.indexOf("```");
    return String.join("\n", behind.subList(0, Math.max(0, end)));
  }
}
