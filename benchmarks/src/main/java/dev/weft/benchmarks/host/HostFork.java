package dev.weft.benchmarks.host;

import dev.weft.gpuexecutor.HostModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/**
 * Measures one model on one number of threads, in a JVM of its own: every round times every
 * contender on every workload once, the contenders in turn, and the ceilings. Prints a line per
 * time, which {@link HostThroughput} reads.
 */
final class HostFork {
  /** What a printed time begins with. */
  static final String SAMPLE = "sample";

  /** What stands in the place of a contender and a workload for a ceiling. */
  static final String CEILING = "ceiling";
  static final String GIGAFLOPS = "gigaflops";
  static final String GIGABYTES = "gigabytes";

  private static final String JLAMA_CLASS = "dev.weft.benchmarks.host.JlamaContender";
  private static final long WARM_UP_NANOS = 2_500_000_000L;
  private static final int MIN_WARM_UP_RUNS = 3;
  private static final long MIN_SAMPLE_NANOS = 200_000_000;
  private static final int NUM_CHECKED_TOKENS = 32;

  /** Prompts hold no special token of a shipped model and none behind its vocabulary. */
  private static final int FIRST_TOKEN = 3;
  private static final int END_OF_TOKENS = 1024;

  private final BenchModel model;
  private final Ceilings ceilings;
  private final List<Contender> contenders = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(1);

  private HostFork(BenchModel model, Path folder, int numThreads) throws IOException {
    this.model = model;
    LongSupplier clock = BenchClock.of(numThreads);
    ceilings = new Ceilings(numThreads, model.shape().weightBytes(), clock);
    contenders.add(new WeftContender(HostModel.load(folder), numThreads, clock));
    addJlama(folder, numThreads, clock);
  }

  private void addJlama(Path folder, int numThreads, LongSupplier clock) {
    try {
      contenders.add(Class.forName(JLAMA_CLASS).asSubclass(Contender.class)
          .getConstructor(Path.class, int.class, LongSupplier.class)
          .newInstance(folder, numThreads, clock));
    } catch (ClassNotFoundException e) {
      System.out.println("without Jlama: the benchmarks were built without the profile jlama");
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Jlama is there and does not start", e);
    }
  }

  /** Arguments: name of the model, its folder, number of threads, number of rounds. */
  public static void main(String... arguments) throws IOException {
    BenchModel model = BenchModel.valueOf(arguments[0]);
    int numThreads = Integer.parseInt(arguments[2]);
    HostFork fork = new HostFork(model, Path.of(arguments[1]), numThreads);
    fork.compareTokens();
    fork.warmUp();
    for (int round = 0; round < Integer.parseInt(arguments[3]); round++) {
      fork.runRound();
    }
    fork.contenders.forEach(Contender::close);
  }

  /** Shows that all contenders compute the same model; a near tie may still part them. */
  private void compareTokens() {
    int[] prompt = prompt(64);
    int[] expected = contenders.get(0).continuation(prompt, NUM_CHECKED_TOKENS);
    for (Contender other : contenders.subList(1, contenders.size())) {
      int[] tokens = other.continuation(prompt, NUM_CHECKED_TOKENS);
      int mismatch = Arrays.mismatch(expected, tokens);
      System.out.printf("%s: the first %d of %d greedy tokens are Weft's%n",
          other.name(), mismatch < 0 ? NUM_CHECKED_TOKENS : mismatch, NUM_CHECKED_TOKENS);
    }
  }

  private void warmUp() {
    for (Workload workload : Workload.values()) {
      for (Contender contender : contendersFor(workload)) {
        long end = System.nanoTime() + WARM_UP_NANOS;
        for (int i = 0; i < MIN_WARM_UP_RUNS || System.nanoTime() < end; i++) {
          run(contender, workload);
        }
      }
    }
    for (int i = 0; i < MIN_WARM_UP_RUNS; i++) {
      ceilings.gigaflops();
      ceilings.gigabytes();
    }
  }

  /** The order of contenders is reversed from round to round. */
  private void runRound() {
    print(CEILING, GIGAFLOPS, ceilings.gigaflops());
    print(CEILING, GIGABYTES, ceilings.gigabytes());
    for (Workload workload : Workload.values()) {
      for (Contender contender : contendersFor(workload)) {
        print(contender.name(), workload.name(), tokensPerSecond(contender, workload));
      }
    }
    Collections.reverse(contenders);
  }

  private List<Contender> contendersFor(Workload workload) {
    return contenders.stream()
        .filter(contender -> workload.batchSize() == 1 || contender.batches()).toList();
  }

  private double tokensPerSecond(Contender contender, Workload workload) {
    long nanos = 0;
    long numTokens = 0;
    while (nanos < MIN_SAMPLE_NANOS) {
      nanos += run(contender, workload);
      numTokens += workload.numTokens(model);
    }
    return numTokens * 1e9 / nanos;
  }

  private long run(Contender contender, Workload workload) {
    int[][] prompts = new int[workload.batchSize()][];
    Arrays.setAll(prompts, i -> prompt(workload.promptLength()));
    return workload.isPrefill()
        ? contender.prefill(prompts[0])
        : contender.decode(prompts, model.numDecodeSteps());
  }

  private int[] prompt(int length) {
    return random.ints(length, FIRST_TOKEN, END_OF_TOKENS).toArray();
  }

  private static void print(String contender, String what, double value) {
    System.out.printf(Locale.ROOT, "%s,%s,%s,%.3f%n", SAMPLE, contender, what, value);
  }
}
