package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A Llama model on disk, checked and ready to be loaded by a {@link CudaExecutor}. Immutable; holds
 * no weights. They go to the device when an executor is built, each executor its own copy, in BF16
 * whatever they are stored as: 2 bytes per parameter; a matrix that is embedding and output at once
 * is there once.
 */
public final class CudaModel {
  private final LlamaConfig config;
  private final LlamaTensors tensors;
  private final WeightSource source;

  private CudaModel(LlamaConfig config, LlamaTensors tensors, WeightSource source) {
    this.config = config;
    this.tensors = tensors;
    this.source = source;
  }

  /**
   * Opens {@code config.json} and {@code model.safetensors} (or the shards of {@code
   * model.safetensors.index.json}) of a directory in HuggingFace's layout. The files must stay
   * until the executors are built.
   *
   * @param directory holds a {@code LlamaForCausalLM} checkpoint in F32, F16 or BF16
   * @throws ModelFormatException when the files are damaged, contradict each other, or describe a
   *     model that this library does not compute
   * @throws IOException when the files cannot be read
   */
  public static CudaModel open(Path directory) throws IOException {
    LlamaConfig config = LlamaConfig.read(directory);
    LlamaTensors tensors = LlamaTensors.claim(Checkpoint.open(directory), config);
    return new CudaModel(config, tensors, WeightSource.CHECKPOINT);
  }

  /**
   * A model with the shapes of {@code config.json} and random weights, for measuring speed.
   *
   * @param directory holds {@code config.json}; nothing else is read
   * @param seed equal seeds give equal weights
   */
  public static CudaModel ofRandomWeights(Path directory, long seed) throws IOException {
    LlamaConfig config = LlamaConfig.read(directory);
    return new CudaModel(config, RandomWeights.tensors(config), new RandomWeights(seed));
  }

  /** The number of token ids; valid ids are 0 to this number minus 1. */
  public int vocabularySize() {
    return config.vocabularySize();
  }

  /** The number of positions the model was made for. */
  public int maxPositions() {
    return config.maxPositions();
  }

  /** The tokens that end a text, as {@code config.json} lists them; possibly none. */
  public List<Integer> eosTokenIds() {
    return config.eosTokenIds();
  }

  LlamaConfig config() {
    return config;
  }

  LlamaTensors tensors() {
    return tensors;
  }

  WeightSource source() {
    return source;
  }
}
