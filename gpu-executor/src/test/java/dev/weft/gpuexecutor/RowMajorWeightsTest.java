package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The second copy of the weights: every tensor in its place, row after row. */
class RowMajorWeightsTest {
  @AfterEach
  void verify() {
    StandIn.verify();
  }

  @Test
  void matricesOfTheLayersLieRowAfterRow() throws IOException {
    try (Loaded loaded = new Loaded(WideToy.model(), DeviceMatrix.Form.PACKED_AND_ROW_MAJOR)) {
      for (int i = 0; i < WideToy.NUM_LAYERS; i++) {
        DeviceWeights.Layer layer = loaded.weights.layers().get(i);
        LlamaTensors.Layer tensors = loaded.model.tensors().layers().get(i);
        loaded.check(layer.queryKeyValue(), tensors.query(), tensors.key(), tensors.value());
        loaded.check(layer.attentionOutput(), tensors.attentionOutput());
        loaded.check(layer.gateUp(), tensors.gate(), tensors.up());
        loaded.check(layer.down(), tensors.down());
      }
      assertThat(loaded.weights.embedding().rowMajor()).isNull();
      assertThat(loaded.weights.output().rowMajor()).isNull();
    }
  }

  /** More rows of gate and up than pass through pinned memory at once. */
  @Test
  void aTensorMayComeInPieces() throws IOException {
    CudaModel model = WideToy.model(new TinyCheckpoint.Shape(64, 1, 2, 1, 32, 65600, 10));
    try (Loaded loaded = new Loaded(model, DeviceMatrix.Form.PACKED_AND_ROW_MAJOR)) {
      LlamaTensors.Layer tensors = model.tensors().layers().get(0);
      loaded.check(loaded.weights.layers().get(0).gateUp(), tensors.gate(), tensors.up());
    }
  }

  @Test
  void withoutALibraryThereIsOneCopy() throws IOException {
    try (Loaded loaded = new Loaded(WideToy.model(), DeviceMatrix.Form.PACKED)) {
      for (DeviceWeights.Layer layer : loaded.weights.layers()) {
        assertThat(layer.queryKeyValue().rowMajor()).isNull();
        assertThat(layer.gateUp().rowMajor()).isNull();
      }
    }
  }

  /** Weights on the device. */
  private static final class Loaded implements AutoCloseable {
    private final CudaModel model;
    private final CudaDriver driver;
    private final DeviceResources resources;
    private final CudaStream stream;
    private final DeviceWeights weights;

    Loaded(CudaModel model, DeviceMatrix.Form form) throws IOException {
      this.model = model;
      StandIn.reset();
      driver = StandIn.driver();
      resources = new DeviceResources(driver);
      stream = resources.stream();
      weights =
          DeviceWeights.load(
              resources, new KernelModule(resources), stream, model, form, (done, all) -> {});
    }

    void check(DeviceMatrix matrix, StoredTensor... tensors) throws IOException {
      DeviceMemory memory = matrix.rowMajor();
      assertThat(memory).isNotNull();
      PinnedMemory host = resources.allocatePinned(memory.bytes());
      driver.copyToHost(host, memory, memory.bytes(), stream);
      driver.synchronize();
      short[] actual = new short[(int) memory.bytes() / Bfloat16.BYTES];
      host.buffer().asShortBuffer().get(actual);

      short[] expected = new short[actual.length];
      int next = 0;
      for (StoredTensor tensor : tensors) {
        next = append(expected, next, tensor);
      }
      assertThat(next).isEqualTo(expected.length);
      assertThat(Arrays.equals(actual, expected)).as(tensors[0].name()).isTrue();
    }

    private int append(short[] to, int from, StoredTensor tensor) throws IOException {
      int rowLength = (int) tensor.shape()[1];
      model.source().read(
          tensor,
          (firstRow, rows, numRows) -> {
            for (int i = 0; i < numRows * rowLength; i++) {
              int element = (int) firstRow * rowLength + i;
              to[from + element] = Bfloat16.of(rows[i / rowLength][i % rowLength]);
            }
          });
      return from + (int) tensor.shape()[0] * rowLength;
    }

    @Override
    public void close() {
      resources.close();
    }
  }
}
