package dev.weft.benchmarks.host;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

/**
 * What a second is. On one thread it is a second of the processor, of all threads of the JVM
 * together: the JVM is bound to one processor, and what other programs take of it must not count.
 * On several threads it is a second on the wall, because threads that wait for each other spin.
 */
final class BenchClock {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private BenchClock() {}

  /** Nanoseconds since some moment. */
  static LongSupplier of(int numThreads) {
    return numThreads == 1 ? SYSTEM::getProcessCpuTime : System::nanoTime;
  }

  /** Its name, for the table. */
  static String name(int numThreads) {
    return numThreads == 1 ? "seconds of the processor" : "seconds on the wall";
  }
}
