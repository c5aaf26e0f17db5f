package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RopeKvTest {
  private static final int NUM_BLOCKS = 5;
  private static final int NUM_POSITIONS = 40;
  private static final float SCALE = 0.3f;

  @ParameterizedTest
  @CsvSource({
    // heads, KV heads, width of a head, positions of a block, schedule
    "2, 1, 32, 4, 0", "6, 2, 64, 16, 3", "4, 4, 128, 8, 2", "3, 1, 32, 64, 5"
  })
  void queriesAndKeysTurnAndTheCacheIsFilled(
      int numHeads, int numKvHeads, int headDim, int blockSize, long schedule) {
    Random random = new Random(headDim);
    int numTokens = 6;
    int stride = PackedMatrix.padded((numHeads + 2 * numKvHeads) * headDim);
    float[] qkv = PackedMatrix.gaussian((numTokens + 1) * stride, 1, random);
    int[] positions = {0, 39, 7, 8, 8, 21};
    int[] kvSlots = {blockSize, 2 * blockSize - 1, blockSize + 1, 4 * blockSize, 2, 3 * blockSize};
    int layerSize = 2 * numKvHeads * headDim * blockSize;
    int blockStride = 3 * layerSize; // the second of three layers
    float[] turned;
    short[] cache;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray rows = device.bf16(qkv);
      DeviceArray kv = device.bf16(NUM_BLOCKS * blockStride);
      device.launch(
          Kernel.ROPE_KV, numTokens + 1, rows, device.floats(ropeTable(headDim)),
          kv.address() + (long) layerSize * Short.BYTES, tokens(device, positions, kvSlots),
          header(device, numTokens, blockSize), blockStride, numHeads, numKvHeads, headDim, stride,
          SCALE);
      turned = rows.toFloatsFromBf16();
      cache = kv.toShorts();
    }

    short[] expectedCache = new short[cache.length];
    Arrays.fill(expectedCache, (short) 0x5a5a);
    for (int token = 0; token < numTokens; token++) {
      int block = kvSlots[token] / blockSize * blockStride + layerSize;
      int offset = kvSlots[token] % blockSize;
      for (int head = 0; head < numHeads + numKvHeads; head++) {
        int from = token * stride + head * headDim;
        for (int i = 0; i < headDim; i++) {
          double expected = rotated(qkv, from, i, headDim, positions[token]);
          if (head < numHeads) {
            assertClose(turned[from + i], expected * SCALE);
          } else {
            int kvHead = head - numHeads;
            int place = block + (kvHead * blockSize + offset) * headDim + i;
            assertClose(DeviceArray.fromBf16(cache[place]), expected);
            expectedCache[place] = cache[place];
            int valuePlace =
                block + layerSize / 2 + (kvHead * headDim + i) * blockSize + offset;
            float value = qkv[from + numKvHeads * headDim + i];
            expectedCache[valuePlace] = DeviceArray.bf16(value);
          }
        }
      }
    }
    // Values exactly, and nothing else was touched.
    assertThat(cache).isEqualTo(expectedCache);
    int queries = numHeads * headDim;
    for (int i = 0; i < qkv.length; i++) {
      if (i / stride == numTokens || i % stride >= queries) {
        assertThat(turned[i]).isEqualTo(qkv[i]);
      }
    }
  }

  private static double rotated(float[] rows, int from, int i, int headDim, int position) {
    int half = headDim / 2;
    double angle = position * frequency(i % half, headDim);
    double turned = i < half ? -rows[from + i + half] : rows[from + i - half];
    return rows[from + i] * Math.cos(angle) + turned * Math.sin(angle);
  }

  private static double frequency(int i, int headDim) {
    return Math.pow(10_000, -2.0 * i / headDim);
  }

  private static float[] ropeTable(int headDim) {
    int half = headDim / 2;
    float[] table = new float[NUM_POSITIONS * half * 2];
    for (int position = 0; position < NUM_POSITIONS; position++) {
      for (int i = 0; i < half; i++) {
        double angle = position * frequency(i, headDim);
        table[(position * half + i) * 2] = (float) Math.cos(angle);
        table[(position * half + i) * 2 + 1] = (float) Math.sin(angle);
      }
    }
    return table;
  }

  private static DeviceArray tokens(KernelRunner device, int[] positions, int[] kvSlots) {
    int maxTokens = positions.length + 3;
    int[] tokens = new int[StepBlock.TOKEN_ARRAYS * maxTokens];
    Arrays.fill(tokens, -1);
    System.arraycopy(
        positions, 0, tokens, StepBlock.TOKEN_POSITION * maxTokens, positions.length);
    System.arraycopy(kvSlots, 0, tokens, StepBlock.TOKEN_KV_SLOT * maxTokens, kvSlots.length);
    return device.ints(tokens);
  }

  private static DeviceArray header(KernelRunner device, int numTokens, int blockSize) {
    int[] header = new int[StepBlock.HEADER_INTS];
    header[StepBlock.HEADER_NUM_TOKENS] = numTokens;
    header[StepBlock.HEADER_MAX_TOKENS] = numTokens + 3;
    header[StepBlock.HEADER_BLOCK_SHIFT] = Integer.numberOfTrailingZeros(blockSize);
    return device.ints(header);
  }

  private static void assertClose(float actual, double expected) {
    assertThat((double) actual)
        .isCloseTo(expected, within(0.004 * (0.01 + Math.abs(expected))));
  }
}
