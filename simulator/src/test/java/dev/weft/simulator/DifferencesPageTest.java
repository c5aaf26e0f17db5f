package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/vllm-differences.md shows what both profiles do today. */
final class DifferencesPageTest {
  private static final Path PAGE = page();

  /** Tests run in the folder of their module, or of the repository. */
  private static Path page() {
    Path here = Path.of("docs/vllm-differences.md");
    return Files.exists(here) ? here : Path.of("../docs/vllm-differences.md");
  }

  @Test void thePageIsWhatTheProfilesDo() throws IOException {
    String page = Files.readString(PAGE);

    assertThat(page)
        .as("to generate it anew: tools/conformance --differences docs/vllm-differences.md")
        .isEqualTo(DifferencesPage.update(page));
  }

  @Test void everyScenarioShowsADifference() throws IOException {
    String page = Files.readString(PAGE);

    assertThat(DifferencesPage.scenarios()).hasSize(6).allSatisfy(scenario -> {
      int from = page.indexOf("<!-- run " + scenario.scenario().name() + " -->");
      String part = page.substring(from, page.indexOf("<!-- end -->", from));
      assertThat(part.lines().filter(line -> line.matches("\\| (\\d+|end) \\|.*"))
          .filter(DifferencesPageTest::differs)).as(scenario.scenario().name()).isNotEmpty();
    });
  }

  private static boolean differs(String line) {
    String[] cells = line.split("\\|", -1);
    return !cells[2].equals(cells[cells.length - 2]);
  }

  @Test void aPageWithoutAPartIsRefused() {
    assertThatThrownBy(() -> DifferencesPage.update("text"))
        .hasMessage("the page has no part from <!-- run difference/empty-step --> to <!-- end -->");
  }
}
