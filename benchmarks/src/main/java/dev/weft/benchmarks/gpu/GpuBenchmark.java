package dev.weft.benchmarks.gpu;

import dev.weft.gpuexecutor.CudaExecutor;
import dev.weft.gpuexecutor.CudaExecutorBuilder;
import dev.weft.gpuexecutor.CudaModel;
import dev.weft.gpuexecutor.GemmProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many tokens per second does the CUDA executor serve, alone or with a library for products?
 * Models of random weights, so that none must be downloaded; prompts that arrive all at once;
 * greedy, to the full length. What a step costs at least, and what others do on the same GPU, says
 * benchmarks/gpu/run, which calls this.
 */
public final class GpuBenchmark {
  private static final int BLOCK_SIZE = 16;
  private static final int SEED = 1;

  private GpuBenchmark() {}

  /** Options: {@link GpuOptions#HELP}. Exits 2 when there is no GPU, 3 without the library. */
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
    GemmProvider library = options.library() ? findLibrary() : null;
    String engine = engine(options, library);
    long startNanos = System.nanoTime();
    try (BatchServer server = new BatchServer(executor(options, library))) {
      System.out.printf("%s is loaded after %.1f s%n", options.modelName(),
          (System.nanoTime() - startNanos) * 1e-9);
      for (int batch : options.batches()) {
        measure(server, batch, options, engine);
      }
    }
  }

  private static GemmProvider findLibrary() {
    try {
      return GemmProvider.find();
    } catch (UnsupportedOperationException e) {
      System.out.println(e.getMessage());
      System.exit(3);
      throw e;
    }
  }

  private static String engine(GpuOptions options, @Nullable GemmProvider library) {
    return "weft" + (options.deterministic() ? ", deterministic" : "")
        + (library == null ? "" : ", " + library.name());
  }

  /** Sized for the largest batch, which smaller ones share. */
  private static CudaExecutor executor(GpuOptions options, @Nullable GemmProvider library)
      throws IOException {
    int numBlocksEach = (options.length() + BLOCK_SIZE - 1) / BLOCK_SIZE;
    CudaExecutorBuilder builder =
        CudaExecutor.builder(CudaModel.ofRandomWeights(options.shape(), SEED));
    if (library != null) {
      builder.gemmProvider(library);
    }
    return builder
        .maxModelLen(options.length())
        .blockSize(BLOCK_SIZE)
        .numBlocks(1 + options.maxBatch() * numBlocksEach)
        .maxNumRows(options.maxBatch())
        .maxNumBatchedTokens(Math.max(options.maxBatchedTokens(), options.maxBatch()))
        .maxNumDraftTokens(0)
        .deterministic(options.deterministic())
        .build();
  }

  private static void measure(BatchServer server, int batch, GpuOptions options, String engine)
      throws IOException, InterruptedException {
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
