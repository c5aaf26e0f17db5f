package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What docs/invariants.md says of the code is there, and each rule about it finds a wrong row. */
class InvariantsPageTest {
  private static final String ADVICE = "docs/invariants.md tells where each property is checked";

  /** The page and the code as they are. */
  @Nested class Real {
    private final InvariantsPage page = read();

    @Test
    void everyNumberHasOneRow() {
      assertThat(page.wrongNumbers()).as(ADVICE).isEmpty();
    }

    @Test
    void everyRowNamesACheckerAndATestOrWhatItWaitsFor() {
      assertThat(page.emptyCells()).as(ADVICE).isEmpty();
    }

    @Test
    void everyNameExists() {
      assertThat(page.unknownNames()).as(ADVICE).isEmpty();
    }

    @Test
    void everyMessageThatBeginsWithANumberIsInItsRow() {
      assertThat(page.unnamedCheckers()).as(ADVICE).isEmpty();
    }

    private InvariantsPage read() {
      Path root = SourceFile.repository();
      try (Stream<Path> patches = Files.list(root.resolve("mutants"))) {
        Set<String> mutants = patches.map(file -> file.getFileName().toString())
            .map(name -> name.replaceFirst("\\.patch$", "")).collect(Collectors.toSet());
        return new InvariantsPage(Files.readString(root.resolve("docs/invariants.md")),
            SourceFile.ofRepository(root), mutants);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** Rows that are wrong on purpose. */
  @Nested class Planted {
    private static final String RIGHT = "`Checker`, `Maker.make` | `CheckerTest.lieIsSeen`";

    @Test
    void aRightRowPasses() throws IOException {
      assertThat(wrong(RIGHT)).isEmpty();
      assertThat(wrong("not yet: magic | not yet")).containsExactly("I1: Checker is not named");
      assertThat(wrong("`Checker` (not yet: magic) | `CheckerTest.lieIsSeen` (`a-mutant`)"))
          .isEmpty();
    }

    @Test
    void aMissingAndARepeatedRowAreFound() throws IOException {
      assertThat(page(RIGHT).wrongNumbers()).containsExactly("rows are [I1]");
    }

    @Test
    void anEmptyCellIsFound() throws IOException {
      assertThat(page("— | `CheckerTest.lieIsSeen`").emptyCells())
          .containsExactly("I1: no checker");
      assertThat(page("`Checker` | —").emptyCells()).containsExactly("I1: no test method");
      assertThat(page("`Checker` | `CheckerTest`").emptyCells())
          .containsExactly("I1: no test method");
      assertThat(page("`Checker` | `CheckerTest.lieIsSeen`, `CheckerTest.helps`").emptyCells())
          .containsExactly("I1: no test method");
      assertThat(page("not yet:  | not yet").emptyCells()).containsExactly("I1: no checker");
      assertThat(page("`Checker`").emptyCells()).containsExactly("I1: no checker");
    }

    @Test
    void aNameThatDoesNotExistIsFound() throws IOException {
      assertThat(page("`Chekcer` | `CheckerTest.lieIsSeen`").unknownNames())
          .containsExactly("I1: no Chekcer");
      assertThat(page("`Checker` | `CheckerTest.lieIsMissed`").unknownNames())
          .containsExactly("I1: no CheckerTest.lieIsMissed");
      assertThat(page("`Checker` | `CheckerTest.lieIsMissed`").emptyCells()).hasSize(1);
      assertThat(page("`Maker.make.more` | `CheckerTest.lieIsSeen` (`no-mutant`)").unknownNames())
          .containsExactly("I1: no Maker.make.more", "I1: no no-mutant");
    }

    @Test
    void aMessageThatItsRowDoesNotKnowIsFound() throws IOException {
      assertThat(page("`Maker` | `CheckerTest.lieIsSeen`").unnamedCheckers())
          .containsExactly("I1: Checker is not named");
    }

    private List<String> wrong(String cells) throws IOException {
      InvariantsPage page = page(cells);
      return Stream.of(page.emptyCells(), page.unknownNames(), page.unnamedCheckers())
          .flatMap(List::stream).toList();
    }

    private InvariantsPage page(String cells) throws IOException {
      List<SourceFile> files = List.of(
          new SourceFile("m/src/main/java/Checker.java", "class Checker { String s = \"I1: \"; }"),
          new SourceFile("m/src/main/java/Maker.java", "class Maker { void make() {} }"),
          new SourceFile("m/src/test/java/CheckerTest.java",
              "class CheckerTest { class Inner { @Test void lieIsSeen() {} } void helps() {} }"));
      return new InvariantsPage("text\n| I1 | it holds | " + cells + " |\ntext", files,
          Set.of("a-mutant"));
    }
  }
}
