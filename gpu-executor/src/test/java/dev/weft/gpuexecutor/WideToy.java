package dev.weft.gpuexecutor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A small Llama for products by a library: all widths are multiples of 64, and its random weights
 * neither grow nor shrink what passes through them.
 */
final class WideToy {
  static final int NUM_LAYERS = 2;
  static final int HIDDEN = 64;
  static final int ATTENDED = 128;
  static final int QUERY_KEY_VALUE = 256;
  static final int INNER = 192;
  static final int VOCABULARY_SIZE = 100;

  private WideToy() {}

  /** The model; skips the test where there is no emulated device. */
  static CudaModel model() {
    return model(new TinyCheckpoint.Shape(HIDDEN, NUM_LAYERS, 4, 2, 32, INNER, VOCABULARY_SIZE));
  }

  /** The same with other sizes. */
  static CudaModel model(TinyCheckpoint.Shape shape) {
    StandIn.load();
    try {
      Path directory = Files.createTempDirectory("weft-wide");
      TinyCheckpoint checkpoint = new TinyCheckpoint(shape);
      checkpoint.config.put("max_position_embeddings", "128");
      checkpoint.write(directory);
      CudaModel model = CudaModel.ofRandomWeights(directory, 5);
      Files.delete(directory.resolve(LlamaConfig.FILE));
      Files.delete(directory.resolve(Checkpoint.SINGLE_FILE));
      Files.delete(directory);
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An executor of up to 128 tokens, by few multiprocessors. */
  static CudaExecutorBuilder builder() {
    return CudaExecutor.builder(model())
        .maxModelLen(128)
        .numBlocks(129)
        .maxNumRows(128)
        .numSlots(128)
        .maxNumBatchedTokens(128)
        .maxNumDraftTokens(0);
  }
}
