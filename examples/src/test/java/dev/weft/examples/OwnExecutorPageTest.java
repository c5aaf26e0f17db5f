package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/own-executor.md shows and names is what is there. */
class OwnExecutorPageTest {
  private static final Path ROOT = SourceFile.repository();

  @Test
  void theWorkedExampleIsTheOneThatIsCompiled() throws IOException {
    String source = Files.readString(
        ROOT.resolve("examples/src/main/java/dev/weft/examples/slots/SlotEngineExecutor.java"));
    String body = source.substring(source.indexOf("public final class"));

    assertThat(page()).contains("<!-- slots -->\n```java\n" + body + "```\n");
    assertThat(body.lines()).as("a hundred lines").hasSizeLessThan(105);
  }

  @Test
  void theContractTestIsTheOneThatRuns() throws IOException {
    String source = Files.readString(ROOT.resolve("examples/src/test/java/dev/weft/examples/slots/"
        + "SlotEngineExecutorContractTest.java"));

    assertThat(page()).contains("```java\n" + source.substring(source.indexOf("class Slot")));
  }

  @Test
  void everyTestOfTheTableOfMistakesExists() throws IOException {
    String kit = contract("StepExecutor") + contract("Determinism") + contract("Spec")
        + contract("Verification");
    String mistakes = page().substring(page().indexOf("\n## Mistakes\n"));
    List<String> tests = Pattern.compile("`([a-z]+[A-Z]\\w{15,})`").matcher(mistakes).results()
        .map(match -> match.group(1)).toList();

    assertThat(tests).hasSizeGreaterThan(10).allMatch(test -> kit.contains("void " + test + "()"));
  }

  private static String contract(String name) throws IOException {
    return Files.readString(
        ROOT.resolve("testkit/src/main/java/dev/weft/testkit/" + name + "Contract.java"));
  }

  private static String page() throws IOException {
    return Files.readString(ROOT.resolve("docs/own-executor.md"));
  }
}
