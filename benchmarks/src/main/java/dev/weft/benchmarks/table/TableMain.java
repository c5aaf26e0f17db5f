package dev.weft.benchmarks.table;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The command behind {@code tools/bench-table}.
 *
 * <pre>TableMain jmh-result.json minute.csv [page.md]</pre>
 *
 * <p>Prints the tables, or writes them into the page and makes the JSON compact. Exits 1 when a
 * step allocated.
 */
final class TableMain {
  private TableMain() {}

  @SuppressWarnings("SystemOut") // A command.
  public static void main(String[] args) throws IOException {
    if (args.length < 2 || args.length > 3) {
      System.err.println("usage: jmh-result.json minute.csv [page.md]");
      System.exit(2);
    }
    JmhResults results = JmhResults.read(Path.of(args[0]));
    SchedulerTables tables = new SchedulerTables(results);
    Map<String, String> sections = sections(tables, Path.of(args[1]));
    if (args.length == 3) {
      Path page = Path.of(args[2]);
      Files.writeString(page, Page.fill(Files.readString(page), sections));
      results.write(Path.of(args[0]));
    } else {
      sections.forEach((name, text) -> System.out.println("### " + name + "\n\n" + text));
    }
    List<String> failures = tables.failures();
    failures.forEach(System.err::println);
    System.exit(failures.isEmpty() ? 0 : 1);
  }

  /** All tables by name; that of the minutes where there is such a file. */
  static Map<String, String> sections(SchedulerTables tables, Path minutes) throws IOException {
    Map<String, String> sections = new LinkedHashMap<>(tables.sections());
    if (Files.exists(minutes)) {
      sections.put("minute", MinuteTable.read(minutes));
    }
    return sections;
  }
}
