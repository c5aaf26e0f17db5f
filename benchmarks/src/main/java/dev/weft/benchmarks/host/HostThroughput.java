package dev.weft.benchmarks.host;

import dev.weft.benchmarks.Machine;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How many tokens per second does the host executor compute, beside Jlama and beside what the
 * machine can do? Prompts of 512 tokens, and decoding from a context of 128 at batch 1, 4, 16 and
 * 32, of both shipped models and of one with 110 million random weights, on one thread and on all.
 *
 * <pre>tools/bench host [--models=DRAFT,TARGET,RANDOM] [--threads=1,4] [--forks=2]</pre>
 *
 * <p>This is no JMH benchmark, because JMH runs one thing after another, and on a shared machine
 * the same code becomes up to twice as fast or slow within minutes: here the contenders take turns
 * of a fraction of a second in one JVM. On one thread the JVM is bound to one processor where
 * {@code taskset} is there, for the sake of Jlama, whose calling thread waits for another one; how
 * time is counted then says {@link BenchClock}.
 */
public final class HostThroughput {
  private static final Path TASKSET = Path.of("/usr/bin/taskset");
  private static final List<String> JVM_OPTIONS = List.of("-XX:+UseG1GC", "-Xms5g", "-Xmx5g");

  private final HostOptions options;
  private final List<Sample> samples = new ArrayList<>();

  private HostThroughput(HostOptions options) {
    this.options = options;
  }

  /** Runs from the folder that holds {@code model/}; see {@link HostOptions} for the arguments. */
  public static void main(String... arguments) throws IOException, InterruptedException {
    HostOptions options = HostOptions.parse(arguments);
    HostThroughput throughput = new HostThroughput(options);
    System.out.println(Machine.describe(JVM_OPTIONS));
    for (BenchModel model : options.models()) {
      for (int numThreads : options.numThreads()) {
        throughput.measure(model, numThreads);
        throughput.write();
      }
    }
    System.out.println("All samples: " + options.output());
  }

  private void measure(BenchModel model, int numThreads) throws IOException, InterruptedException {
    Path folder = model.folder(Path.of(""), options.scratch());
    for (int fork = 1; fork <= options.numForks(); fork++) {
      runFork(model, folder, numThreads, fork);
    }
    System.out.println();
    System.out.println(new ThroughputTable(samples).section(model, numThreads));
  }

  private void runFork(BenchModel model, Path folder, int numThreads, int fork)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    if (numThreads == 1 && Files.isExecutable(TASKSET)) {
      int lastProcessor = Runtime.getRuntime().availableProcessors() - 1;
      command.addAll(List.of(TASKSET.toString(), "-c", Integer.toString(lastProcessor)));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM_OPTIONS);
    command.addAll(options.jvmOptions());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"),
        HostFork.class.getName(), model.name(), folder.toString(),
        Integer.toString(numThreads), Integer.toString(options.numRounds())));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (Sample.isSample(line)) {
          samples.add(Sample.parse(model, numThreads, fork, line));
        } else if (fork == 1) {
          System.out.println(line);
        }
      }
    }
    if (process.waitFor() != 0) {
      throw new IllegalStateException("the fork failed: " + String.join(" ", command));
    }
  }

  /** All samples so far, so that they outlive a run that is broken off. */
  private void write() throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("# " + Machine.describe(JVM_OPTIONS));
    lines.add(Sample.COLUMNS);
    samples.forEach(sample -> lines.add(sample.line()));
    Files.createDirectories(options.output().toAbsolutePath().getParent());
    Files.write(options.output(), lines);
  }
}
