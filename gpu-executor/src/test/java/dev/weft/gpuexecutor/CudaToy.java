package dev.weft.gpuexecutor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A Llama of half a million random weights, few enough that an emulated device computes a step in
 * milliseconds: two layers, three query heads on each of two KV heads, widths that are no multiples
 * of 64.
 */
final class CudaToy {
  static final int VOCABULARY_SIZE = 100;

  private static final TinyCheckpoint.Shape SHAPE =
      new TinyCheckpoint.Shape(160, 2, 6, 2, 32, 352, VOCABULARY_SIZE);

  private static final Path DIRECTORY = write();

  private CudaToy() {}

  private static Path write() {
    try {
      Path directory = Files.createTempDirectory("weft-toy");
      directory.toFile().deleteOnExit();
      TinyCheckpoint checkpoint = new TinyCheckpoint(SHAPE);
      checkpoint.config.put("max_position_embeddings", "128");
      checkpoint.write(directory);
      directory.resolve(LlamaConfig.FILE).toFile().deleteOnExit();
      directory.resolve(Checkpoint.SINGLE_FILE).toFile().deleteOnExit();
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where the checkpoint lies. */
  static Path directory() {
    return DIRECTORY;
  }

  /** A builder for the toy; skips the test where there is no emulated device. */
  static CudaExecutorBuilder builder() {
    StandIn.load();
    try {
      return CudaExecutor.builder(CudaModel.open(DIRECTORY));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Builds, and turns what cannot happen with files just written into an error. */
  static CudaExecutor build(CudaExecutorBuilder builder) {
    try {
      return builder.build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
