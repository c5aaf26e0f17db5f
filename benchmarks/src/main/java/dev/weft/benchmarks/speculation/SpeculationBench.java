package dev.weft.benchmarks.speculation;

import dev.weft.benchmarks.Machine;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How much faster is the host executor with drafts? Both kinds of prompts, greedy and sampled, each
 * drafter with 1, 2, 4 and 8 drafts a row and with the policy of goodput, against plain decoding,
 * which has its turn before each drafter and at the end. Every output must be that of plain
 * decoding, token for token.
 *
 * <pre>tools/bench-speculation [--rounds=5] [--batches=1,4,16,64]</pre>
 */
public final class SpeculationBench {
  static final List<String> LENGTHS = List.of("1", "2", "4", "8");

  private static final List<String> TEMPERATURES = List.of("0", "0.8");

  /** Small batches serve more requests than one batch, in turn, so that they are alike. */
  private static final int MIN_NUM_REQUESTS = 8;

  private final BenchOptions options;
  private final List<Contestant> contestants = new ArrayList<>();
  private final Map<PromptKind, List<int[]>> prompts = new EnumMap<>(PromptKind.class);
  private final List<String> lines = new ArrayList<>();

  private SpeculationBench(BenchOptions options) throws IOException {
    this.options = options;
    Models models = Models.load(Path.of(""));
    int numRequests = Math.max(MIN_NUM_REQUESTS, options.maxBatchSize());
    for (PromptKind kind : PromptKind.values()) {
      prompts.put(kind, kind.prompts(models, numRequests, options.numThreads()));
    }
    contestants.add(new Contestant(null, models, options));
    for (DrafterKind kind : DrafterKind.values()) {
      contestants.add(new Contestant(kind, models, options));
    }
  }

  /** Runs from the folder that holds {@code model/}; see {@link BenchOptions} for the arguments. */
  @SuppressWarnings("SystemOut") // A command.
  public static void main(String... arguments) throws IOException {
    BenchOptions options = BenchOptions.parse(arguments);
    SpeculationBench bench = new SpeculationBench(options);
    List<String> jvmOptions = ManagementFactory.getRuntimeMXBean().getInputArguments();
    bench.lines.add(
        "# " + Machine.describe(jvmOptions) + ", " + options.numThreads() + " threads, draft model "
            + options.numDraftThreads());
    bench.lines.add(RunRow.columns());
    System.out.println(bench.lines.get(0));
    bench.warmUp();
    long end = System.nanoTime() + options.maxMinutes() * 60_000_000_000L;
    for (int round = 1; round <= options.numRounds() && System.nanoTime() < end; round++) {
      bench.runRound(round);
      bench.write();
    }
    bench.contestants.forEach(Contestant::close);
    System.out.println("All runs: " + options.output());
  }

  private void warmUp() {
    List<int[]> all = prompts(PromptKind.CHAT, options.maxBatchSize());
    for (Contestant contestant : contestants) {
      System.out.println("warming up: " + contestant.label());
      contestant.warmUp(all.subList(0, options.maxBatchSize()), sampling("0"));
    }
    // What one drafter taught the compiler must not be news of the first round.
    for (Contestant contestant : contestants) {
      contestant.warmUp(all.subList(0, options.maxBatchSize()), sampling("0.8"));
    }
  }

  private void runRound(int round) {
    for (PromptKind kind : PromptKind.values()) {
      for (String temperature : TEMPERATURES) {
        for (int batchSize : options.batchSizes()) {
          System.out.printf("round %d of %d: %s, temperature %s, batch %d%n", round,
              options.numRounds(), kind.label(), temperature, batchSize);
          new Group(round, kind, temperature, batchSize).run();
        }
      }
    }
  }

  private List<int[]> prompts(PromptKind kind, int batchSize) {
    List<int[]> all = Objects.requireNonNull(prompts.get(kind));
    return all.subList(0, Math.max(MIN_NUM_REQUESTS, batchSize));
  }

  private SamplingParameters sampling(String temperature) {
    float value = Float.parseFloat(temperature);
    return SamplingParameters.builder().maxNewTokens(options.numNewTokens()).temperature(value)
        .build();
  }

  /** All runs so far, so that they outlive a benchmark that is broken off. */
  private void write() throws IOException {
    Files.createDirectories(options.output().toAbsolutePath().getParent());
    Files.write(options.output(), lines);
  }

  /** The runs that can be compared with each other. */
  private final class Group {
    private final int round;
    private final PromptKind kind;
    private final String temperature;
    private final int batchSize;
    private List<int[]> expected = List.of();

    Group(int round, PromptKind kind, String temperature, int batchSize) {
      this.round = round;
      this.kind = kind;
      this.temperature = temperature;
      this.batchSize = batchSize;
    }

    /** From round to round in the other order. */
    void run() {
      Contestant plain = contestants.get(0);
      int numDrafters = contestants.size() - 1;
      for (int i = 0; i < numDrafters; i++) {
        run(plain, "0");
        Contestant drafting = contestants.get(round % 2 == 1 ? 1 + i : numDrafters - i);
        LENGTHS.forEach(length -> run(drafting, length));
        run(drafting, RunRow.GOODPUT);
      }
      run(plain, "0");
    }

    private static boolean areEqual(List<int[]> some, List<int[]> others) {
      return Arrays.deepEquals(some.toArray(), others.toArray());
    }

    private void run(Contestant contestant, String length) {
      List<int[]> requests = prompts(kind, batchSize);
      Served served = contestant.serve(requests, batchSize, sampling(temperature), length);
      if (expected.isEmpty()) {
        expected = served.tokens();
      }
      if (!areEqual(expected, served.tokens())) {
        throw new IllegalStateException("outputs differ: " + contestant.label() + " " + length
            + ", " + kind + ", temperature " + temperature + ", batch " + batchSize);
      }
      long numTokens = (long) requests.size() * (options.numNewTokens() - 1);
      boolean isPlain = contestant == contestants.get(0);
      lines.add(new RunRow(round, kind.label(), temperature, batchSize, contestant.label(), length,
          numTokens, served.nanos(), served.draftNanos(), served.numSteps(),
          isPlain ? numTokens : served.numRows(), served.drafts()).line());
    }
  }
}
