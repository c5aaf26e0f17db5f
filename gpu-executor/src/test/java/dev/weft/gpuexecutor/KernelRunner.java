package dev.weft.gpuexecutor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs single kernels on the {@link StandIn} for tests: arrays go to the device, a kernel is
 * launched and waited for, arrays come back.
 *
 * <pre>
 *   try (KernelRunner device = KernelRunner.open()) {
 *     DeviceArray x = device.bf16(values);
 *     DeviceArray sum = device.floats(numRows);
 *     device.launch(Kernel.SOME, numRows, x, sum, width, 1e-5f);
 *     sum.toFloats();
 *   }
 * </pre>
 */
final class KernelRunner implements AutoCloseable {
  private final CudaDriver driver;
  private final CudaModule module;
  private final CudaStream stream;
  private final PinnedMemory argumentMemory;
  private final List<DeviceArray> arrays = new ArrayList<>();

  private KernelRunner(CudaDriver driver) {
    this.driver = driver;
    this.module = driver.load(ptx());
    this.stream = driver.stream();
    this.argumentMemory = driver.allocatePinned(KernelArguments.BYTES);
  }

  /**
   * Skips the test where there is no stand-in. All switches of the stand-in are put back, and it
   * looks for races; {@link #close} fails when it found something.
   */
  static KernelRunner open() {
    StandIn.reset();
    StandIn.check(StandIn.Checks.RACES);
    return new KernelRunner(StandIn.driver());
  }

  /** The same with a schedule of the threads, as {@link StandIn#schedule}. */
  static KernelRunner open(long seed) {
    KernelRunner runner = open();
    StandIn.schedule(seed);
    return runner;
  }

  /** The text of the kernels that is shipped. */
  static byte[] ptx() {
    try (InputStream text = KernelRunner.class.getResourceAsStream("kernels.sm80.ptx")) {
      return text.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CudaDriver driver() {
    return driver;
  }

  CudaStream stream() {
    return stream;
  }

  // ---- arrays on the device

  /** An array of {@code length} elements of 4 bytes that hold 0x5A5A5A5A. */
  DeviceArray floats(int length) {
    return array(length, Float.BYTES);
  }

  DeviceArray floats(float... values) {
    return floats(values.length).put(values);
  }

  /** An array of {@code length} elements of 4 bytes that hold 0x5A5A5A5A. */
  DeviceArray ints(int length) {
    return array(length, Integer.BYTES);
  }

  DeviceArray ints(int[] values) {
    return ints(values.length).put(values);
  }

  /** An array of {@code length} elements of 2 bytes that hold 0x5A5A. */
  DeviceArray bf16(int length) {
    return array(length, Short.BYTES);
  }

  /** The values rounded to nearest, ties to even. */
  DeviceArray bf16(float... values) {
    return bf16(values.length).putBf16(values);
  }

  private DeviceArray array(int length, int elementBytes) {
    DeviceArray array = new DeviceArray(driver, stream, length, elementBytes);
    arrays.add(array);
    // The memory of the emulated device holds it from the start, and knows that nobody wrote it.
    return StandIn.isReal() ? array.fill(0x5A) : array;
  }

  // ---- kernels

  /** A grid of one dimension and no dynamic shared memory but the kernel's own. */
  void launch(Kernel kernel, int gridX, Object... arguments) {
    launchGrid(kernel, gridX, 1, 1, arguments);
  }

  /**
   * Launches the kernel with the threads and shared memory of its enum constant, and waits for it.
   *
   * @param arguments each a {@link DeviceArray}, an Integer, a Float, null for a null pointer, or a
   *     Long for the address of a pointer
   */
  void launchGrid(Kernel kernel, int gridX, int gridY, int gridZ, Object... arguments) {
    int numThreads = kernel.numThreads();
    launchShaped(kernel, gridX, gridY, gridZ, numThreads, kernel.sharedBytes(), arguments);
  }

  /** The same with another number of threads and other shared memory than the enum says. */
  void launchShaped(
      Kernel kernel, int gridX, int gridY, int gridZ, int numThreads, int sharedBytes,
      Object... arguments) {
    KernelArguments packed = new KernelArguments(kernel, argumentMemory);
    if (arguments.length != kernel.numParameters()) {
      throw new IllegalArgumentException(
          kernel + ": " + arguments.length + " arguments of " + kernel.numParameters());
    }
    for (int i = 0; i < arguments.length; i++) {
      Object argument = arguments[i];
      if (argument instanceof DeviceArray array) {
        packed.pointer(i, array.memory());
      } else if (argument instanceof Integer value) {
        packed.integer(i, value);
      } else if (argument instanceof Float value) {
        packed.real(i, value);
      } else {
        packed.pointer(i, argument == null ? 0 : (Long) argument);
      }
    }
    try {
      CudaKernel loaded = driver.kernel(module, kernel.entry(), sharedBytes);
      driver.launch(loaded, gridX, gridY, gridZ, numThreads, stream, packed.memory());
      driver.synchronize();
    } catch (CudaException e) {
      throw new AssertionError(String.join("\n", StandIn.complaints()), e);
    }
  }

  // ---- kernels that only the stand-in has

  /** Launches the kernel and waits for it. */
  void launchTest(
      TestKernel kernel, int gridX, int numThreads, int sharedBytes, Object... arguments) {
    try {
      tryTest(kernel, gridX, numThreads, sharedBytes, arguments);
    } catch (CudaException e) {
      throw new AssertionError(String.join("\n", StandIn.complaints()), e);
    }
  }

  /**
   * Launches a kernel that must make the stand-in complain, and makes the device as good as new.
   *
   * @return what it said
   */
  List<String> complaintsOf(
      TestKernel kernel, int gridX, int numThreads, int sharedBytes, Object... arguments) {
    try {
      tryTest(kernel, gridX, numThreads, sharedBytes, arguments);
    } catch (CudaException e) {
      StandIn.heal();
    }
    return StandIn.complaints();
  }

  /** Launches the kernel and waits for it. */
  void tryTest(
      TestKernel kernel, int gridX, int numThreads, int sharedBytes, Object... arguments) {
    CudaModule own = driver.load(kernel.ptx());
    try {
      CudaKernel loaded = driver.kernel(own, kernel.entry(), sharedBytes);
      PinnedMemory packed = kernel.pack(argumentMemory, arguments);
      driver.launch(loaded, gridX, 1, 1, numThreads, stream, packed);
      driver.synchronize();
    } catch (CudaException e) {
      abandon(own);
      throw e;
    }
    driver.release(own);
  }

  /** A device with a sticky error takes nothing back, but it must be offered. */
  private void abandon(CudaModule own) {
    try {
      driver.release(own);
    } catch (CudaException e) {
      // The first error is the one that matters.
    }
  }

  /** Frees everything, and fails when the stand-in has something to complain of. */
  @Override
  public void close() {
    try {
      arrays.forEach(DeviceArray::free);
      driver.free(argumentMemory);
      driver.release(stream);
      driver.release(module);
      driver.close();
    } finally {
      StandIn.verify();
    }
  }
}
