package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * docs/metrics.md lists what is registered and nothing else. A row of its tables is {@code | name |
 * in Prometheus | type | labels | meaning | where it comes from |}; all but the last cell are those
 * of the meter, whose description is the meaning.
 */
final class MetricsPageTest {
  private static final Path PAGE = page();

  /** Tests run in the folder of their module, or of the repository. */
  private static Path page() {
    Path here = Path.of("docs/metrics.md");
    return Files.exists(here) ? here : Path.of("../docs/metrics.md");
  }

  /** By name: the row without its last cell. */
  private static Map<String, String> registered() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    VllmNaming.install(registry);
    WeftMetrics.builder(HandRun.SPEC).build().bindTo(registry);
    Map<String, String> types = new Exposition(registry.scrape()).types;
    Map<String, TreeSet<String>> labels = new TreeMap<>();
    Map<String, Meter.Id> ids = new TreeMap<>();
    for (Meter meter : registry.getMeters()) {
      Meter.Id id = meter.getId();
      ids.put(id.getName(), id);
      labels.computeIfAbsent(id.getName(), name -> new TreeSet<>())
          .addAll(id.getTags().stream().map(Tag::getKey).toList());
    }
    Map<String, String> rows = new TreeMap<>();
    ids.forEach((name, id) -> {
      String exposed = id.getConventionName(registry.config().namingConvention());
      exposed = types.containsKey(exposed) ? exposed : exposed + "_total";
      assertThat(types).containsKey(exposed);
      String keys = labels.get(name).stream().map(key -> "`" + key + "`")
          .collect(Collectors.joining(", "));
      rows.put(name, "| `" + name + "` | `" + exposed + "` | " + types.get(exposed) + " | " + keys
          + " | " + id.getDescription() + " |");
    });
    return rows;
  }

  @Test
  void thePageListsWhatIsRegistered() throws IOException {
    assertThat(PAGE).isRegularFile();
    List<String> rows = Files.readAllLines(PAGE).stream()
        .filter(line -> line.startsWith("| `")).toList();
    assertThat(rows).as("a last cell that says where it comes from")
        .allMatch(row -> row.matches("(\\|[^|]+){5}\\| [^|]*[a-z][^|]* \\|"));

    assertThat(rows.stream().map(MetricsPageTest::withoutLastCell).sorted()
        .collect(Collectors.joining("\n")))
        .isEqualTo(registered().values().stream().sorted().collect(Collectors.joining("\n")));
  }

  private static String withoutLastCell(String row) {
    return row.substring(0, row.lastIndexOf('|', row.length() - 2) + 1);
  }

  @Test
  void everyMeaningIsASentence() {
    assertThat(registered().values()).allMatch(row -> row.endsWith(". |"));
  }
}
