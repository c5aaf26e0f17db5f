package dev.weft.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the benchmark runs on. */
public final class Machine {
  private Machine() {}

  /** The processor as Linux names it, the number of processors, the JVM and these options. */
  public static String describe(List<String> jvmOptions) throws IOException {
    Path cpuinfo = Path.of("/proc/cpuinfo");
    String processor = "unknown processor";
    if (Files.isReadable(cpuinfo)) {
      processor = Files.readAllLines(cpuinfo).stream()
          .filter(line -> line.startsWith("model name") || line.startsWith("cpu family"))
          .distinct().map(line -> line.replaceFirst(".*: ", ""))
          .reduce((family, name) -> name + " family " + family).orElse(processor);
    }
    return "%s, %d processors, %s %s (%s), %s".formatted(
        processor, Runtime.getRuntime().availableProcessors(),
        System.getProperty("java.vm.name"), System.getProperty("java.version"),
        System.getProperty("java.vendor"), String.join(" ", jvmOptions));
  }
}
