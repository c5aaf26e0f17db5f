package dev.weft.benchmarks.gpu;

import dev.weft.gpuexecutor.CudaExecutor;
import dev.weft.gpuexecutor.CudaModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many tokens per second does the CUDA executor serve? Models of random weights, so that none
 * must be downloaded; prompts that arrive all at once; greedy, to the full length. What a step
 * costs at least, and what others do on the same GPU, says benchmarks/gpu/run, which calls this.
 */
public final class GpuBenchmark {
  private static final int BLOCK_SIZE = 16;
  private static final int SEED = 1;

  private GpuBenchmark() {}

  /** Options: {@link GpuOptions#HELP}. Exits 2 when there is no GPU. */
  public static void main(String... arguments) throws IOException, InterruptedException {
    if (arguments.length == 1 && arguments[0].equals("--help")) {
      System.out.print(GpuOptions.HELP);
      return;
    }
    GpuOptions options = GpuOptions.parse(arguments);
    Optional<String> reason = CudaExecutor.unavailableReason();
    if (reason.isPresent()) {
      System.out.println("no GPU: " + reason.get());
      System.exit(2);
    }
    long startNanos = System.nanoTime();
    try (BatchServer server = new BatchServer(executor(options))) {
      System.out.printf("%s is loaded after %.1f s%n", options.modelName(),
          (System.nanoTime() - startNanos) * 1e-9);
      for (int batch : options.batches()) {
        measure(server, batch, options);
      }
    }
  }

  /** Sized for the largest batch, which smaller ones share. */
  private static CudaExecutor executor(GpuOptions options) throws IOException {
    int numBlocksEach = (options.length() + BLOCK_SIZE - 1) / BLOCK_SIZE;
    return CudaExecutor.builder(CudaModel.ofRandomWeights(options.shape(), SEED))
        .maxModelLen(options.length())
        .blockSize(BLOCK_SIZE)
        .numBlocks(1 + options.maxBatch() * numBlocksEach)
        .maxNumRows(options.maxBatch())
        .maxNumBatchedTokens(Math.max(options.maxBatchedTokens(), options.maxBatch()))
        .maxNumDraftTokens(0)
        .deterministic(options.deterministic())
        .build();
  }

  private static void measure(BatchServer server, int batch, GpuOptions options)
      throws IOException, InterruptedException {
    String engine = options.deterministic() ? "weft, deterministic" : "weft";
    for (int round = 1 - options.numWarmups(); round <= options.numRounds(); round++) {
      GpuSample sample = server.serve(options.modelName(), batch, options.numPromptTokens(),
          options.numOutputTokens(), round);
      if (round > 0) {
        System.out.println(sample);
        append(options.output(),
            sample.json(options.numPromptTokens(), options.numOutputTokens(), engine));
      }
    }
  }

  private static void append(@Nullable Path file, String line)
      throws IOException {
    if (file != null) {
      Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }
}
