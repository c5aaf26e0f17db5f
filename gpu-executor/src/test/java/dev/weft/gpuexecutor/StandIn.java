package dev.weft.gpuexecutor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The stand-in for {@code libcuda.so.1}: the driver that tests use where there is no GPU. Kernels
 * run on the CPU, from the very sources that the PTX is made of; streams are queues whose work runs
 * when the test says. It is compiled when it is first asked for and loaded before JCuda, so JCuda's
 * own natives call it.
 *
 * <p>There is one for the whole JVM, with one set of switches. {@link #reset} puts all of them back
 * and {@link #verify} says what went wrong; tests that use it do not run in parallel.
 *
 * <p>With {@code -Dweft.test.gpu=true} it stands in for nothing: the same tests run on the GPU of
 * the machine and its driver. Orders, schedules and checks are then the GPU's own business, and
 * tests that want something to go wrong, or count what was done, skip themselves. {@link GpuCheck}
 * runs them like that.
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

  /** What is looked for while work runs. Looking makes kernels several times slower. */
  enum Checks {
    /** Addresses that are nothing, deadlocks, misuse of the driver. */
    FEW,
    /**
     * Also every access beyond its allocation, to the byte; threads of a kernel that touch the same
     * memory with no barrier between, and operations of two streams with no event between; reads of
     * shared memory that the block has not written.
     */
    RACES,
    /** Also reads of device memory that nobody has written. Kernels without checks do not count. */
    RACES_AND_UNWRITTEN
  }

  private static final boolean IS_REAL = Boolean.getBoolean("weft.test.gpu");

  private static boolean isLoaded;

  /** What the compiler said; it would say so to every test. */
  private static @Nullable String failure;

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
    if (isLoaded || IS_REAL) {
      return;
    }
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
    StandInBuild build = StandInBuild.here();
    String obstacle = build.obstacle();
    assumeTrue(obstacle == null, () -> "no emulated device: " + obstacle);
    try {
      System.load(build.library().toString());
    } catch (IOException e) {
      failure = e.getMessage();
      throw new UncheckedIOException(e);
    }
    isLoaded = true;
  }

  /** Whether it is compiled with sanitizers; there is no search for races then. */
  static boolean isSanitized() {
    return !System.getProperty(StandInBuild.SANITIZERS_PROPERTY, "").isEmpty();
  }

  /** Whether there is a real GPU in its place. */
  static boolean isReal() {
    return IS_REAL;
  }

  /** Loads it for a test that only the emulated device can run, and skips that on a GPU. */
  static void loadEmulated() {
    assumeTrue(!IS_REAL, "only the emulated device does that");
    load();
  }

  // ---- the ends of a test

  /** Puts back every switch and takes everything away from whoever still holds it, in silence. */
  static void reset() {
    load();
    if (!IS_REAL) {
      clear();
    }
  }

  /**
   * Fails when there were complaints or something was not given back; puts everything back in any
   * case. What was given back after a sticky error counts, though no driver takes it.
   */
  static void verify() {
    List<String> found = complaints();
    leaks().forEach(leak -> found.add("not given back: " + leak));
    reset();
    if (!found.isEmpty()) {
      throw new AssertionError(String.join("\n", found));
    }
  }

  /** What was wrong so far, in words; each is told once. */
  static List<String> complaints() {
    load();
    return IS_REAL ? new ArrayList<>() : lines(takeComplaints());
  }

  /** What the driver gave out and did not get back, by kind and number. */
  static List<String> leaks() {
    load();
    return IS_REAL ? new ArrayList<>() : lines(findLeaks());
  }

  private static List<String> lines(String text) {
    return new ArrayList<>(text.lines().toList());
  }

  // ---- how work runs

  /** Eager unless set. */
  static void order(Order order, long seed) {
    load();
    if (!IS_REAL) {
      setOrder(order.ordinal(), seed);
    }
  }

  /**
   * The order in which the threads of a block run, and the blocks of a grid; 0 unless set.
   *
   * @param seed 0: round robin; even: random; odd: adversarial, one warp runs alone until it blocks
   */
  static void schedule(long seed) {
    load();
    if (!IS_REAL) {
      setSchedule(seed);
    }
  }

  /** What is looked for from now on; few things unless set. Forgets the accesses seen so far. */
  static void check(Checks checks) {
    load();
    if (!IS_REAL) {
      setChecked(checks != Checks.FEW, checks == Checks.RACES_AND_UNWRITTEN);
    }
  }

  // ---- what the device is

  /** The memory of the device; 256 MiB unless set. */
  static void memory(long bytes) {
    loadEmulated();
    setMemory(bytes);
  }

  /** The devices, all alike; one with compute capability 9.0 and 132 multiprocessors unless set. */
  static void devices(int count, int major, int minor, int numMultiprocessors) {
    loadEmulated();
    setDevices(count, major, minor, numMultiprocessors);
  }

  /** So many of the devices, the first ones, have compute capability 7.5; none unless set. */
  static void oldDevices(int count) {
    loadEmulated();
    setOldDevices(count);
  }

  /** The multiprocessors of the emulated device; 132 unless set. */
  static void multiprocessors(int count) {
    load();
    if (!IS_REAL) {
      devices(1, 9, 0, count);
    }
  }

  /** The version that the driver says it has; 13000 unless set. */
  static void version(int version) {
    loadEmulated();
    setVersion(version);
  }

  // ---- what goes wrong

  /** The {@code n}-th kernel that runs from now on, counted from 1, ends with this sticky error. */
  static void failKernel(long n, int code) {
    loadEmulated();
    setFailingKernel(n, code);
  }

  /**
   * The {@code n}-th call of a function from now on, counted from 1, fails with this code and does
   * nothing. Codes that are sticky on a GPU stay.
   *
   * @param name as in {@link CudaException#call}
   */
  static void failCall(String name, long n, int code) {
    loadEmulated();
    setFailingCall(name, n, code);
  }

  /**
   * The {@code n}-th kernel that runs from now on, counted from 1, does not end, and its stream
   * does nothing more. Events behind it are never done, and who waits for them waits until {@link
   * #resume} or {@link #reset}.
   */
  static void hangKernel(long n) {
    loadEmulated();
    setHangingKernel(n);
  }

  /** What hangs goes on, though without the kernel that hung. */
  static void resume() {
    load();
    if (!IS_REAL) {
      setHangingKernel(0);
    }
  }

  /** Forgets a sticky error and all work that waits, as no device does. */
  static void heal() {
    loadEmulated();
    forgetError();
  }

  // ---- what was done

  /**
   * How often a function of the driver was called since the last reset.
   *
   * @param name as in {@link CudaException#call}
   */
  static long numCalls(String name) {
    loadEmulated();
    return countCalls(name);
  }

  /** How many kernels ran since the last reset. */
  static long numKernels() {
    loadEmulated();
    return countKernels("");
  }

  /** How often this kernel ran since the last reset. */
  static long numKernels(Kernel kernel) {
    loadEmulated();
    return countKernels(kernel.entry());
  }

  private static native void clear();

  private static native String takeComplaints();

  private static native String findLeaks();

  private static native void setOrder(int order, long seed);

  private static native void setSchedule(long seed);

  private static native void setChecked(boolean checked, boolean unwritten);

  private static native void setMemory(long bytes);

  private static native void setDevices(int count, int major, int minor, int numMultiprocessors);

  private static native void setOldDevices(int count);

  private static native void setVersion(int version);

  private static native void setFailingKernel(long n, int code);

  private static native void setFailingCall(String name, long n, int code);

  private static native void setHangingKernel(long n);

  private static native void forgetError();

  private static native long countCalls(String name);

  private static native long countKernels(String name);
}
