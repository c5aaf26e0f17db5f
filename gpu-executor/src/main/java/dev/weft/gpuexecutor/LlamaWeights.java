package dev.weft.gpuexecutor;

import java.io.IOException;
import java.util.Arrays;

/**
 * The weights of a Llama model in the layout of the kernels, all in float; never modified after
 * loading, so any number of threads and executors may share them.
 *
 * @param embedding {@code [token][hidden]}
 * @param layers one per transformer layer
 * @param norm {@code [hidden]}
 * @param output hidden to vocabulary; a copy of the embedding when that is tied
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; arrays are what kernels read
record LlamaWeights(float[][] embedding, Layer[] layers, float[] norm, PanelMatrix output) {

  /**
   * The weights of one transformer layer.
   *
   * @param queryKeyValue hidden to all query heads, then all key heads, then all value heads
   * @param gateUp hidden to gate, then up
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Layer(
      float[] attentionNorm,
      PanelMatrix queryKeyValue,
      PanelMatrix attentionOutput,
      float[] feedForwardNorm,
      PanelMatrix gateUp,
      PanelMatrix down) {}

  /** The same weights without the layers behind the first ones. */
  LlamaWeights firstLayers(int numLayers) {
    return new LlamaWeights(embedding, Arrays.copyOf(layers, numLayers), norm, output);
  }

  /** Reads all weights. */
  static LlamaWeights read(LlamaTensors tensors) throws IOException {
    float[][] embedding = rows(tensors.embedding());
    Layer[] layers = new Layer[tensors.layers().size()];
    for (int i = 0; i < layers.length; i++) {
      layers[i] = layer(tensors.layers().get(i));
    }
    StoredTensor output = tensors.output();
    return new LlamaWeights(
        embedding,
        layers,
        rows(tensors.norm())[0],
        matrix(output == null ? tensors.embedding() : output));
  }

  private static Layer layer(LlamaTensors.Layer layer) throws IOException {
    return new Layer(
        rows(layer.attentionNorm())[0],
        matrix(layer.query(), layer.key(), layer.value()),
        matrix(layer.attentionOutput()),
        rows(layer.feedForwardNorm())[0],
        matrix(layer.gate(), layer.up()),
        matrix(layer.down()));
  }

  private static float[][] rows(StoredTensor tensor) throws IOException {
    long[] shape = tensor.shape();
    float[][] all = new float[shape.length == 1 ? 1 : (int) shape[0]][];
    TensorRows.read(
        tensor,
        tensor.require(shape),
        (firstRow, rows, numRows) -> {
          for (int i = 0; i < numRows; i++) {
            all[(int) firstRow + i] = rows[i].clone();
          }
        });
    return all;
  }

  /** One matrix with the outputs of the first tensor, then those of the second, and so on. */
  private static PanelMatrix matrix(StoredTensor... tensors) throws IOException {
    int numOutputs = 0;
    for (StoredTensor tensor : tensors) {
      numOutputs += (int) tensor.shape()[0];
    }
    PanelMatrix matrix = new PanelMatrix(numOutputs, (int) tensors[0].shape()[1]);
    int firstOutput = 0;
    for (StoredTensor tensor : tensors) {
      int base = firstOutput;
      TensorRows.read(
          tensor,
          tensor.require(tensor.shape()),
          (firstRow, rows, numRows) -> matrix.setRows(base + (int) firstRow, rows, numRows));
      firstOutput += (int) tensor.shape()[0];
    }
    return matrix;
  }
}
