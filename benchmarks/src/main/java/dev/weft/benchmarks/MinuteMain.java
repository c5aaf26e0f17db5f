package dev.weft.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * The command behind {@code tools/bench-minute}: one workload on one engine.
 *
 * <pre>MinuteMain DECODE|CHURN WEFT|VLLM|NAIVE warm-up-seconds seconds csv-file</pre>
 *
 * <p>Appends a line to the CSV file. Exits 1 when garbage was collected or code deoptimised,
 * unless by the naive baseline, which does so.
 */
final class MinuteMain {
  private MinuteMain() {}

  @SuppressWarnings("SystemOut") // A command.
  public static void main(String[] args) throws IOException {
    if (args.length != 5) {
      System.err.println("usage: DECODE|CHURN WEFT|VLLM|NAIVE warm-up-seconds seconds csv-file");
      System.exit(2);
    }
    EngineKind engine = EngineKind.valueOf(args[1].toUpperCase(Locale.ROOT));
    String name = args[0].toLowerCase(Locale.ROOT) + " " + args[1].toLowerCase(Locale.ROOT);
    MinuteResult result = new Minute(load(args[0], engine))
        .run(millis(args[2]), millis(args[3]));
    System.out.print(MinuteResult.header() + result.rows(name) + result.remarks(name));
    Path file = Path.of(args[4]);
    String header = Files.exists(file) ? "" : MinuteResult.csvHeader();
    Files.writeString(file, header + result.csvLine(name), StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    System.exit(engine == EngineKind.NAIVE || result.events().isCalm() ? 0 : 1);
  }

  private static MinuteLoad load(String name, EngineKind engine) {
    return name.equalsIgnoreCase("decode")
        ? MinuteLoad.decode(engine, 1024)
        : MinuteLoad.serving(engine, ServingKind.valueOf(name.toUpperCase(Locale.ROOT)));
  }

  private static long millis(String seconds) {
    return Math.round(Double.parseDouble(seconds) * 1000);
  }
}
