package dev.weft.gpuexecutor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tensors of a model's shapes with random numbers, made row by row while they are read. Of use
 * where only the speed of a model counts: zeros would let a processor run faster than real weights
 * do.
 *
 * <p>Matrices are uniform with variance 1 / inputs, so activations neither grow nor vanish; norms
 * are 1. The numbers are a function of seed, tensor and element, by a linear congruential
 * generator.
 */
final class RandomWeights implements WeightSource {
  private static final long MULTIPLIER = 6364136223846793005L;
  private static final long INCREMENT = 1442695040888963407L;

  private final long seed;

  RandomWeights(long seed) {
    this.seed = seed;
  }

  /** The tensors of a shape, none of which lies in a file. */
  static LlamaTensors tensors(LlamaConfig config) {
    int hidden = config.hiddenSize();
    List<LlamaTensors.Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      layers.add(layer(config, "layer " + layer + " "));
    }
    StoredTensor output =
        config.tiedEmbeddings() ? null : tensor("output", config.vocabularySize(), hidden);
    return new LlamaTensors(
        tensor("embedding", config.vocabularySize(), hidden),
        layers,
        tensor("norm", hidden),
        output);
  }

  private static LlamaTensors.Layer layer(LlamaConfig config, String prefix) {
    int hidden = config.hiddenSize();
    int inner = config.intermediateSize();
    return new LlamaTensors.Layer(
        tensor(prefix + "attention norm", hidden),
        tensor(prefix + "query", config.queryWidth(), hidden),
        tensor(prefix + "key", config.kvWidth(), hidden),
        tensor(prefix + "value", config.kvWidth(), hidden),
        tensor(prefix + "attention output", hidden, config.queryWidth()),
        tensor(prefix + "feed-forward norm", hidden),
        tensor(prefix + "gate", inner, hidden),
        tensor(prefix + "up", inner, hidden),
        tensor(prefix + "down", hidden, inner));
  }

  private static StoredTensor tensor(String name, long... shape) {
    long numElements = 1;
    for (long dimension : shape) {
      numElements *= dimension;
    }
    return new StoredTensor(Path.of(""), name, StorageType.F32.name(), shape, 0, 4 * numElements);
  }

  @Override
  public void read(StoredTensor tensor, TensorRows.Sink sink) {
    long[] shape = tensor.shape();
    int rowLength = (int) shape[shape.length - 1];
    long numRows = shape.length == 1 ? 1 : shape[0];
    float[][] rows = new float[TensorRows.NUM_ROWS_AT_ONCE][rowLength];
    float range = (float) Math.sqrt(3.0 / rowLength);
    long state = seed ^ (long) tensor.name().hashCode() << 32;
    for (long first = 0; first < numRows; first += rows.length) {
      int count = (int) Math.min(rows.length, numRows - first);
      for (int i = 0; i < count; i++) {
        state = shape.length == 1 ? ones(rows[i], state) : uniform(rows[i], state, range);
      }
      sink.accept(first, rows, count);
    }
  }

  private static long ones(float[] row, long state) {
    Arrays.fill(row, 1f);
    return state;
  }

  private static long uniform(float[] row, long state, float range) {
    long next = state;
    for (int i = 0; i < row.length; i++) {
      next = next * MULTIPLIER + INCREMENT;
      row[i] = (next >> 40) * 0x1p-23f * range;
    }
    return next;
  }
}
