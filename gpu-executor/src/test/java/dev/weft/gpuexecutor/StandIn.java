package dev.weft.gpuexecutor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * The stand-in for {@code libcuda.so.1}: the driver that tests use where there is no GPU. Kernels
 * run on the CPU, from the very sources that the PTX is made of; streams are queues whose work runs
 * when the test says. It is compiled when it is first asked for and loaded before JCuda, so JCuda's
 * own natives call it.
 *
 * <p>There is one for the whole JVM, with one set of switches. {@link #reset} puts all of them
 * back; tests that use it do not run in parallel.
 */
final class StandIn {
  /** When the work of streams runs. */
  enum Order {
    /** At once, in the call that queues it. */
    EAGER,
    /** As late as waiting allows: finds whoever does not wait. */
    LAZY,
    /** In any order that the rules of streams and events allow. */
    RANDOM
  }

  private static boolean isLoaded;

  private StandIn() {}

  /** A driver with a context, bound to this thread; skips the test where there is no stand-in. */
  static CudaDriver driver() {
    load();
    JcudaDriver driver = JcudaDriver.open();
    driver.retainPrimaryContext(driver.device(0));
    return driver;
  }

  /** Compiles and loads it unless that is done; skips the test where that cannot be done. */
  static synchronized void load() {
    if (isLoaded) {
      return;
    }
    StandInBuild build = StandInBuild.here();
    String obstacle = build.obstacle();
    assumeTrue(obstacle == null, () -> "no emulated device: " + obstacle);
    try {
      Path library = build.library();
      System.load(library.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    isLoaded = true;
  }

  /** Puts back every switch and forgets errors. */
  static void reset() {
    load();
    clear();
  }

  static void order(Order order, long seed) {
    load();
    setOrder(order.ordinal(), seed);
  }

  /**
   * The order in which the threads of a block run.
   *
   * @param seed 0: round robin; even: random; odd: adversarial, one warp runs alone until it blocks
   */
  static void schedule(long seed) {
    load();
    setSchedule(seed);
  }

  /** The memory of the device; 1 GiB unless set. */
  static void memory(long bytes) {
    load();
    setMemory(bytes);
  }

  /** The multiprocessors of the device; 132 unless set. */
  static void multiprocessors(int count) {
    load();
    setMultiprocessors(count);
  }

  /** The {@code n}-th kernel that runs from now on, counted from 1, ends with this sticky error. */
  static void failKernel(long n, int code) {
    load();
    setFailingKernel(n, code);
  }

  private static native void clear();

  private static native void setOrder(int order, long seed);

  private static native void setSchedule(long seed);

  private static native void setMemory(long bytes);

  private static native void setMultiprocessors(int count);

  private static native void setFailingKernel(long n, int code);
}
