package dev.weft.benchmarks.speculation;

import dev.weft.benchmarks.table.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Writes the tables and pictures of docs/speculation.md from the results of {@link
 * SpeculationBench}.
 */
public final class SpeculationPage {
  static final String PAGE = "speculation.md";

  private SpeculationPage() {}

  /** Arguments: file of results, folder {@code docs}. */
  public static void main(String... arguments) throws IOException {
    Results results = Results.read(Path.of(arguments[0]));
    Path docs = Path.of(arguments[1]);
    Path page = docs.resolve(PAGE);
    Files.writeString(page,
        Page.fill(Files.readString(page), new SpeculationTables(results).sections()));
    for (Map.Entry<String, String> picture : pictures(results).entrySet()) {
      Files.writeString(docs.resolve(picture.getKey()), picture.getValue());
    }
  }

  /** The pictures by name of their file beside the page. */
  static Map<String, String> pictures(Results results) {
    SpeculationPictures pictures = new SpeculationPictures(results);
    return Map.of("speculation-speedup.svg", pictures.speedups(),
        "speculation-acceptance.svg", pictures.acceptance());
  }
}
