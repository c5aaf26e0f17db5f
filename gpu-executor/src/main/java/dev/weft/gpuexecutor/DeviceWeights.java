package dev.weft.gpuexecutor;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a Llama model on the device, in BF16. For a {@link GemmProvider} the matrices of
 * the layers are there a second time, row after row.
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
   * @param gateUp hidden to gate and up, their tiles in turn; row after row gate, then up
   */
  record Layer(
      DeviceMemory attentionNorm,
      DeviceMatrix queryKeyValue,
      DeviceMatrix attentionOutput,
      DeviceMemory feedForwardNorm,
      DeviceMatrix gateUp,
      DeviceMatrix down) {}

  /**
   * Loads all weights, and waits until they are there.
   *
   * @param form of the matrices of the layers
   */
  static DeviceWeights load(
      DeviceResources resources,
      KernelModule module,
      CudaStream stream,
      CudaModel model,
      DeviceMatrix.Form form,
      LoadProgress progress)
      throws IOException {
    LlamaConfig config = model.config();
    int maxRowLength =
        Math.max(
            Math.max(config.hiddenSize(), config.intermediateSize()), config.queryWidth());
    long numBytes = model.tensors().byteSize();
    try (WeightUploader uploader =
        new WeightUploader(resources, module, stream, maxRowLength, progress, numBytes)) {
      return new Loading(resources, stream, model, form, uploader).run();
    }
  }

  /** One pass over the tensors of a model. */
  private record Loading(
      DeviceResources resources,
      CudaStream stream,
      CudaModel model,
      DeviceMatrix.Form form,
      WeightUploader uploader) {

    DeviceWeights run() throws IOException {
      LlamaTensors tensors = model.tensors();
      PaddedShape shape = PaddedShape.of(model.config());
      DeviceMatrix embedding = vocabularyMatrix(shape, tensors.embedding());
      List<Layer> layers = new ArrayList<>();
      for (LlamaTensors.Layer layer : tensors.layers()) {
        layers.add(layer(shape, layer));
      }
      StoredTensor output = tensors.output();
      return new DeviceWeights(
          embedding,
          List.copyOf(layers),
          vector(tensors.norm(), shape.hidden()),
          output == null ? embedding : vocabularyMatrix(shape, output));
    }

    private DeviceMatrix vocabularyMatrix(PaddedShape shape, StoredTensor tensor)
        throws IOException {
      return matrix(shape.vocabulary(), shape.hidden(), DeviceMatrix.Form.PACKED, tensor);
    }

    private Layer layer(PaddedShape shape, LlamaTensors.Layer layer) throws IOException {
      return new Layer(
          vector(layer.attentionNorm(), shape.hidden()),
          queryKeyValue(shape, layer),
          matrix(shape.hidden(), shape.attended(), form, layer.attentionOutput()),
          vector(layer.feedForwardNorm(), shape.hidden()),
          gateUp(shape, layer),
          matrix(shape.hidden(), shape.inner(), form, layer.down()));
    }

    private DeviceMatrix queryKeyValue(PaddedShape shape, LlamaTensors.Layer layer)
        throws IOException {
      DeviceMatrix matrix = allocate(shape.queryKeyValue(), shape.hidden(), form);
      int firstKey = model.config().queryWidth();
      int firstValue = firstKey + model.config().kvWidth();
      uploader.load(model.source(), layer.query(), matrix.from(0));
      uploader.load(model.source(), layer.key(), matrix.from(firstKey));
      uploader.load(model.source(), layer.value(), matrix.from(firstValue));
      return matrix;
    }

    private DeviceMatrix gateUp(PaddedShape shape, LlamaTensors.Layer layer) throws IOException {
      DeviceMatrix matrix = allocate(2 * shape.inner(), shape.hidden(), form);
      uploader.load(model.source(), layer.gate(), matrix.gate());
      uploader.load(model.source(), layer.up(), matrix.up());
      return matrix;
    }

    private DeviceMatrix matrix(
        int numOutputs, int numInputs, DeviceMatrix.Form form, StoredTensor tensor)
        throws IOException {
      DeviceMatrix matrix = allocate(numOutputs, numInputs, form);
      uploader.load(model.source(), tensor, matrix.from(0));
      return matrix;
    }

    private DeviceMemory vector(StoredTensor tensor, int paddedLength) throws IOException {
      return uploader.loadVector(model.source(), tensor, paddedLength);
    }

    private DeviceMatrix allocate(int numOutputs, int numInputs, DeviceMatrix.Form form) {
      return DeviceMatrix.allocate(resources, stream, numOutputs, numInputs, form);
    }
  }
}
