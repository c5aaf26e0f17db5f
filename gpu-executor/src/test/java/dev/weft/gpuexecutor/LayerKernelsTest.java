package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerKernelsTest {
  @ParameterizedTest
  @ValueSource(longs = {0, 2, 4, 1, 3})
  void rowsAreNormed(long schedule) {
    int numRows = 3;
    int width = 200;
    int stride = 256;
    float[] rows = new float[numRows * stride];
    float[] weight = new float[width];
    Random random = new Random(schedule);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = DeviceArray.rounded((float) random.nextGaussian());
    }
    for (int i = 0; i < width; i++) {
      weight[i] = DeviceArray.rounded((float) random.nextGaussian());
    }

    float[] normed;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray out = device.bf16(rows.length);
      device.launch(
          Kernel.RMS_NORM, numRows, out, device.bf16(rows), device.bf16(weight), width, stride,
          1e-5f);
      normed = out.toFloatsFromBf16();
    }

    for (int row = 0; row < numRows; row++) {
      double squares = 0;
      for (int i = 0; i < width; i++) {
        squares += (double) rows[row * stride + i] * rows[row * stride + i];
      }
      for (int i = 0; i < width; i++) {
        double expected = rows[row * stride + i] / Math.sqrt(squares / width + 1e-5) * weight[i];
        assertThat((double) normed[row * stride + i])
            .isCloseTo(expected, within(0.01 * (0.05 + Math.abs(expected))));
      }
    }
  }
}
