package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every link from a page of the repository to a file of it, and to a heading, leads there. */
class LinksTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s#]*)(#[^)\\s]*)?\\)");
  private static final Pattern CODE = Pattern.compile("(?s)```.*?```|`[^`\n]*`");

  @Test
  void noLinkIsDead() throws IOException {
    List<String> dead = new ArrayList<>();
    for (Path page : pages(SourceFile.repository())) {
      dead.addAll(deadLinks(page));
    }

    assertThat(dead).isEmpty();
  }

  @Test
  void deadLinksAreSeen() throws IOException {
    Path page = Files.createTempFile("page", ".md");
    Files.writeString(page, "## A Heading\n[a](nowhere.md) [b](#a-heading) [c](#none) `[d](e)`\n"
        + "[self](" + page.getFileName() + "#a-heading) [out](https://example.org/x)\n");

    assertThat(deadLinks(page)).containsExactly(page + ": nowhere.md", page + ": #none");
    Files.delete(page);
  }

  private static List<Path> pages(Path root) throws IOException {
    try (Stream<Path> files = Files.find(root, 5, (file, facts) -> facts.isRegularFile()
        && file.toString().endsWith(".md") && !root.relativize(file).toString().contains("target"
        + file.getFileSystem().getSeparator()) && !file.toString().contains("node_modules"))) {
      return files.sorted().toList();
    }
  }

  private static List<String> deadLinks(Path page) throws IOException {
    List<String> dead = new ArrayList<>();
    Matcher link = LINK.matcher(CODE.matcher(Files.readString(page)).replaceAll(""));
    while (link.find()) {
      String file = link.group(1);
      String heading = link.group(2);
      if (!file.contains("://") && !file.startsWith("mailto:")) {
        Path target = file.isEmpty() ? page : page.resolveSibling(file);
        if (!Files.exists(target) || (heading != null && !headings(target).contains(heading))) {
          dead.add(page + ": " + file + (heading == null ? "" : heading));
        }
      }
    }
    return dead;
  }

  /** As GitHub names them: lower case, without marks, a hyphen for each space. */
  private static List<String> headings(Path page) throws IOException {
    return Files.readAllLines(page).stream().filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ +", "").toLowerCase(Locale.ROOT))
        .map(line -> "#" + line.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .toList();
  }
}
