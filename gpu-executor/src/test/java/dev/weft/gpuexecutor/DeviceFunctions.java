package dev.weft.gpuexecutor;

import java.nio.IntBuffer;
import java.util.function.LongConsumer;

/**
 * Functions of the kernels, compiled for the CPU with the stand-in: for tests of more values than
 * one would launch a kernel for. Skip the test where there is no stand-in, on a real GPU too.
 */
final class DeviceFunctions {
  private DeviceFunctions() {}

  /** Bits of the noise of so many words. */
  static int[] noise(int firstWord, int step, int count) {
    return call(count, target -> gumbels(target, firstWord, step, count));
  }

  /** Bits of e to the power of so many floats, of which the first has these bits. */
  static int[] exponentials(int firstBits, int step, int count) {
    return call(count, target -> exponentials(target, firstBits, step, count));
  }

  static int[] philox(long key, int c0, int c1, int c2, int c3) {
    return call(Philox.NUM_WORDS, target -> philoxWords(target, key, c0, c1, c2, c3));
  }

  private static int[] call(int count, LongConsumer function) {
    StandIn.loadEmulated();
    int[] values = new int[count];
    try (CudaDriver driver = StandIn.driver()) {
      PinnedMemory memory = driver.allocatePinned((long) Integer.BYTES * count);
      function.accept(memory.address());
      IntBuffer written = memory.buffer().asIntBuffer();
      written.get(values);
      driver.free(memory);
    }
    return values;
  }

  private static native void gumbels(long target, int firstWord, int step, int count);

  private static native void exponentials(long target, int firstBits, int step, int count);

  private static native void philoxWords(long target, long key, int c0, int c1, int c2, int c3);
}
