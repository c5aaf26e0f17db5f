package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.engine.Health;
import dev.weft.engine.Submission;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.StepResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** docs/errors.md has a row with a reason for every constant that a user can meet, and no other. */
class ErrorsPageTest {
  static Stream<Class<? extends Enum<?>>> enums() {
    return Stream.of(Submission.Status.class, AddResult.Refusal.class, FinishReason.class,
        Health.State.class, Grant.class, DraftAnswer.Refusal.class, StepResult.Outcome.class,
        ExecutorState.class);
  }

  @ParameterizedTest
  @MethodSource("enums")
  void everyConstantHasItsRow(Class<? extends Enum<?>> type) throws IOException {
    String page = Files.readString(SourceFile.repository().resolve("docs/errors.md"));

    assertThat(rows(page, name(type)))
        .as("docs/errors.md, section " + name(type) + ", explains every constant in its order")
        .isEqualTo(constants(type));
  }

  @Test
  void aMissingRowIsSeen() {
    String page = """
        ## Letter
        | x | y |
        |---|---|
        | `A` | why | what |
        ## Other
        | `B` | b | b |
        """;

    assertThat(rows(page, "Letter")).containsExactly("A");
    assertThat(rows(page, "Other")).containsExactly("B");
    assertThat(rows(page, "Digit")).isEmpty();
  }

  @Test
  void aRowWithoutAReasonIsNone() {
    assertThat(rows("## Letter\n| `A` |  | what |\n| `B` | why | |\n", "Letter"))
        .containsExactly("B");
  }

  /** As it is written in code outside: with the type around it. */
  private static String name(Class<?> type) {
    Class<?> around = type.getEnclosingClass();
    return around == null ? type.getSimpleName()
        : around.getSimpleName() + "." + type.getSimpleName();
  }

  private static List<String> constants(Class<? extends Enum<?>> type) {
    return Arrays.stream(type.getEnumConstants()).map(Enum::name).toList();
  }

  /** The names in the first column of a section, where the second one says something. */
  private static List<String> rows(String page, String section) {
    List<String> names = new ArrayList<>();
    boolean isInside = false;
    for (String line : page.lines().toList()) {
      if (line.startsWith("## ")) {
        isInside = line.equals("## " + section);
      } else if (isInside && line.startsWith("| `")) {
        String[] cells = line.split("\\|", -1);
        if (!cells[2].isBlank()) {
          names.add(cells[1].strip().replace("`", ""));
        }
      }
    }
    return names;
  }
}
