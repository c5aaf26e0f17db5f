package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A Llama model in memory, ready to be computed on the host. Immutable: one model serves any number
 * of decoders and executors at once.
 *
 * <p>Weights are kept as floats whatever they were stored as, so a model of n parameters takes
 * about 4 n bytes of heap, and its embedding matrix once more when it is tied to the output matrix.
 */
public final class HostModel {
  private final LlamaConfig config;
  private final LlamaWeights weights;

  private HostModel(LlamaConfig config, LlamaWeights weights) {
    this.config = config;
    this.weights = weights;
  }

  /**
   * Loads {@code config.json} and {@code model.safetensors} (or the shards of {@code
   * model.safetensors.index.json}) of a directory in HuggingFace's layout. Reads the files through
   * memory maps; they may go away afterwards.
   *
   * @param directory holds a {@code LlamaForCausalLM} checkpoint in F32, F16 or BF16
   * @throws ModelFormatException before any weight is read, when the files are damaged, contradict
   *     each other, or describe a model that this executor does not compute
   * @throws IOException when the files cannot be read
   */
  public static HostModel load(Path directory) throws IOException {
    LlamaConfig config = LlamaConfig.read(directory);
    LlamaTensors tensors = LlamaTensors.claim(Checkpoint.open(directory), config);
    return new HostModel(config, LlamaWeights.read(tensors));
  }

  /**
   * The model cut short: its first layers, and behind them the norm and the output matrix of the
   * whole. It shares the weights, so it takes no memory of its own. As a draft model it lets a
   * model speculate for itself (Elhoushi et al., LayerSkip: Enabling Early Exit Inference and
   * Self-Speculative Decoding, ACL 2024); how often it is right depends on whether the model was
   * trained for it.
   *
   * @param numLayers 1 to {@link #numLayers}
   */
  public HostModel firstLayers(int numLayers) {
    if (numLayers < 1 || numLayers > numLayers()) {
      throw new IllegalArgumentException(
          "numLayers is " + numLayers + ", must be 1 to " + numLayers());
    }
    return new HostModel(config.withLayers(numLayers), weights.firstLayers(numLayers));
  }

  /** The number of transformer layers. */
  public int numLayers() {
    return config.numLayers();
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

  LlamaWeights weights() {
    return weights;
  }
}
