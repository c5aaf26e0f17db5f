package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The emulator computes what a device computes, whatever the order of the threads. */
class EmulatorTest {
  private static final int NUM_LANES = 32;
  private static final int PER_LANE = 16;

  @ParameterizedTest
  @ValueSource(longs = {0, 2, 4, 1, 3})
  void everyThreadOfTheGridRunsOnce(long schedule) {
    TestKernel kernel = new TestKernel("test_place", "P");
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray places = device.ints(3 * 70 * 4);

      device.launchTest(kernel, 3, 70, 0, places);

      int[] found = places.toInts();
      for (int i = 0; i < 3 * 70; i++) {
        assertThat(Arrays.copyOfRange(found, 4 * i, 4 * i + 4))
            .containsExactly(i / 70, 0, 0, i % 70);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2, 4, 1, 3})
  void lanesExchangeAsOnADevice(long schedule) {
    TestKernel kernel = new TestKernel("test_lanes", "PP");
    int[] values = new Random(schedule).ints(NUM_LANES).toArray();
    values[7] = 0;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray out = device.ints(NUM_LANES * PER_LANE);

      device.launchTest(kernel, 1, NUM_LANES, 0, out, device.ints(values));

      int[] found = out.toInts();
      for (int lane = 0; lane < NUM_LANES; lane++) {
        assertThat(Arrays.copyOfRange(found, lane * PER_LANE, (lane + 1) * PER_LANE))
            .as("lane %d", lane).containsExactly(expected(values, lane));
      }
    }
  }

  private static int[] expected(int[] values, int lane) {
    int odd = IntStream.range(0, NUM_LANES).map(i -> (values[i] & 1) << i).sum();
    boolean allAlike = Arrays.stream(values).allMatch(value -> value == values[7]);
    int group = lane / 8 * 8;
    int value = values[lane];
    return new int[] {
        values[5],
        values[group + (lane + 3) % 8],
        values[lane ^ 3],
        // Lanes of the groups before may be read, lanes of those behind may not.
        (lane ^ 9) > group + 7 ? value : values[lane ^ 9],
        lane < 2 ? value : values[lane - 2],
        lane > 26 ? value : values[lane + 5],
        lane % 16 > 10 ? value : values[lane + 5],
        odd,
        1,
        allAlike ? 1 : 0,
        Integer.numberOfLeadingZeros(value),
        Integer.bitCount(value),
        value == 0 ? 0 : Integer.numberOfTrailingZeros(value) + 1,
        (int) (((value & 0xFFFF_FFFFL) * 0x9E37_79B9L) >>> 32),
        Integer.reverse(value),
        values[lane ^ 1]
    };
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2, 4, 1, 3})
  void sumsAgreeHoweverTheyAreMade(long schedule) {
    TestKernel kernel = new TestKernel("test_sums", "PP");
    int[] values = new Random(schedule).ints(160, -1000, 1000).toArray();
    int sum = Arrays.stream(values).sum();
    int numOdd = (int) Arrays.stream(values).filter(value -> (value & 1) == 1).count();
    int max = Arrays.stream(values).max().orElseThrow();
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray out = device.ints(new int[6]);

      device.launchTest(kernel, 1, values.length, 4 * values.length, out, device.ints(values));

      assertThat(out.toInts()).containsExactly(sum, sum, sum, numOdd, sum, max);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2, 1})
  void aMatrixProductIsThatOfItsMatrices(long schedule) {
    TestKernel kernel = new TestKernel("test_product", "PPP");
    Random random = new Random(schedule);
    float[] a = randomBf16(16 * 16, random);
    float[] b = randomBf16(16 * 8, random);
    float[] c = randomBf16(16 * 8, random);
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray out = device.floats(c);

      device.launchTest(kernel, 1, NUM_LANES, 0, out, device.bf16(a), device.bf16(b));

      float[] found = out.toFloats();
      for (int row = 0; row < 16; row++) {
        for (int column = 0; column < 8; column++) {
          // Products of two bf16 are exact floats; the additions come in the order of k.
          float sum = c[row * 8 + column];
          for (int k = 0; k < 16; k++) {
            sum += a[row * 16 + k] * b[k * 8 + column];
          }
          assertThat(found[row * 8 + column]).isEqualTo(sum);
        }
      }
    }
  }

  private static float[] randomBf16(int length, Random random) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = DeviceArray.rounded((float) random.nextGaussian());
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2, 4, 1, 3})
  void asynchronousCopiesAndBarriersMakeAnExchange(long schedule) {
    TestKernel kernel = new TestKernel("test_exchange", "PPI");
    int numThreads = 96;
    int[] from = new Random(schedule).ints(4L * numThreads).toArray();
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray out = device.ints(numThreads);

      device.launchTest(kernel, 1, numThreads, 0, out, device.ints(from), 0);

      assertThat(out.toInts()).containsExactly(IntStream.range(0, numThreads)
          .map(i -> from[4 * ((i + 64) % numThreads)] + 1).toArray());
    }
  }

  @Test
  void sharedMemoryStartsAsPoison() {
    assumeTrue(!StandIn.isSanitized(), "the sanitizers have memory of theirs in between");
    TestKernel kernel = new TestKernel("test_reads_unwritten_shared", "P");
    try (KernelRunner device = KernelRunner.open()) {
      StandIn.check(StandIn.Checks.FEW);
      DeviceArray out = device.floats(64);

      device.launchTest(kernel, 1, 64, 0, out);
      assertThat(out.toFloats()[63]).as("of a fresh block").isNaN();

      StandIn.schedule(1);
      device.launchTest(kernel, 2, 64, 0, out);
      assertThat(out.toFloats()[63]).as("under another schedule").isGreaterThan(1e38f);
    }
  }

  @Test
  void noScheduleChangesWhatACorrectKernelComputes() {
    TestKernel kernel = new TestKernel("test_blocks_count", "P");
    for (long schedule = 0; schedule < 20; schedule++) {
      try (KernelRunner device = KernelRunner.open(schedule)) {
        DeviceArray count = device.ints(new int[1]);

        device.launchTest(kernel, 7, 65, 0, count);

        assertThat(count.toInts()).containsExactly(7 * 65);
      }
    }
  }
}
