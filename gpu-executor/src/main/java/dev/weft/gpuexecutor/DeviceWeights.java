package dev.weft.gpuexecutor;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a Llama model on the device, in BF16.
 *
 * @param embedding its tiles hold tokens, its chunks the hidden state
 * @param layers one per transformer layer
 * @param norm of the final norm, {@code [hidden]}
 * @param output hidden to vocabulary; the embedding when that is tied
 */
record DeviceWeights(
    DeviceMatrix embedding, List<Layer> layers, DeviceMemory norm, DeviceMatrix output) {

  /**
   * The weights of one transformer layer.
   *
   * @param queryKeyValue hidden to all query heads, then all key heads, then all value heads
   * @param gateUp hidden to gate and up, their tiles in turn
   */
  record Layer(
      DeviceMemory attentionNorm,
      DeviceMatrix queryKeyValue,
      DeviceMatrix attentionOutput,
      DeviceMemory feedForwardNorm,
      DeviceMatrix gateUp,
      DeviceMatrix down) {}

  /** Loads all weights, and waits until they are there. */
  static DeviceWeights load(
      DeviceResources resources,
      KernelModule module,
      CudaStream stream,
      CudaModel model,
      LoadProgress progress)
      throws IOException {
    LlamaConfig config = model.config();
    int maxRowLength =
        Math.max(
            Math.max(config.hiddenSize(), config.intermediateSize()), config.queryWidth());
    long numBytes = model.tensors().byteSize();
    try (WeightUploader uploader =
        new WeightUploader(resources, module, stream, maxRowLength, progress, numBytes)) {
      return new Loading(resources, stream, model, uploader).run();
    }
  }

  /** One pass over the tensors of a model. */
  private record Loading(
      DeviceResources resources, CudaStream stream, CudaModel model, WeightUploader uploader) {

    DeviceWeights run() throws IOException {
      LlamaTensors tensors = model.tensors();
      PaddedShape shape = PaddedShape.of(model.config());
      DeviceMatrix embedding = matrix(shape.vocabulary(), shape.hidden(), tensors.embedding());
      List<Layer> layers = new ArrayList<>();
      for (LlamaTensors.Layer layer : tensors.layers()) {
        layers.add(layer(shape, layer));
      }
      StoredTensor output = tensors.output();
      return new DeviceWeights(
          embedding,
          List.copyOf(layers),
          vector(tensors.norm(), shape.hidden()),
          output == null ? embedding : matrix(shape.vocabulary(), shape.hidden(), output));
    }

    private Layer layer(PaddedShape shape, LlamaTensors.Layer layer) throws IOException {
      return new Layer(
          vector(layer.attentionNorm(), shape.hidden()),
          queryKeyValue(shape, layer),
          matrix(shape.hidden(), shape.attended(), layer.attentionOutput()),
          vector(layer.feedForwardNorm(), shape.hidden()),
          gateUp(shape, layer),
          matrix(shape.hidden(), shape.inner(), layer.down()));
    }

    private DeviceMatrix queryKeyValue(PaddedShape shape, LlamaTensors.Layer layer)
        throws IOException {
      DeviceMatrix matrix = allocate(shape.queryKeyValue(), shape.hidden());
      int firstKeyTile = model.config().queryWidth() / DeviceMatrix.TILE_OUTPUTS;
      int firstValueTile = firstKeyTile + model.config().kvWidth() / DeviceMatrix.TILE_OUTPUTS;
      uploader.load(model.source(), layer.query(), matrix, 0, 1);
      uploader.load(model.source(), layer.key(), matrix, firstKeyTile, 1);
      uploader.load(model.source(), layer.value(), matrix, firstValueTile, 1);
      return matrix;
    }

    private DeviceMatrix gateUp(PaddedShape shape, LlamaTensors.Layer layer) throws IOException {
      DeviceMatrix matrix = allocate(2 * shape.inner(), shape.hidden());
      uploader.load(model.source(), layer.gate(), matrix, 0, 2);
      uploader.load(model.source(), layer.up(), matrix, 1, 2);
      return matrix;
    }

    private DeviceMatrix matrix(int numOutputs, int numInputs, StoredTensor tensor)
        throws IOException {
      DeviceMatrix matrix = allocate(numOutputs, numInputs);
      uploader.load(model.source(), tensor, matrix, 0, 1);
      return matrix;
    }

    private DeviceMemory vector(StoredTensor tensor, int paddedLength) throws IOException {
      return uploader.loadVector(model.source(), tensor, paddedLength);
    }

    private DeviceMatrix allocate(int numOutputs, int numInputs) {
      return DeviceMatrix.allocate(resources, stream, numOutputs, numInputs);
    }
  }
}
