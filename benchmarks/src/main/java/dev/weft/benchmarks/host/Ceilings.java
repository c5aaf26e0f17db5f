package dev.weft.benchmarks.host;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.function.LongSupplier;

/**
 * What the machine can do at most, in plain Java: fused multiply-adds on data in the first-level
 * cache, and reads of as many bytes as a model has. Each thread works for a fixed time on memory of
 * its own, and the rates are added.
 */
final class Ceilings {
  /** Long enough that a loop's entry and exit weigh nothing, and still in the nearest cache. */
  private static final int LANES = 4096;
  private static final int FLOPS_PER_LANE = 16;
  private static final int ROWS_AT_ONCE = 8;
  private static final long MEASURED_NANOS = 60_000_000;

  /** Passes over the lanes between two looks at the clock. */
  private static final int NUM_PASSES = 64;

  private final int numThreads;
  private final LongSupplier clock;
  private final float[][] lanes;

  /** {@code [thread][row][lane]}. */
  private final int[][][] memory;

  /** {@code [thread][lane]}: what was read, so that it is not left out. */
  private final int[][] folded;

  /** @param footprintBytes what all threads together read again and again */
  Ceilings(int numThreads, long footprintBytes, LongSupplier clock) {
    this.numThreads = numThreads;
    this.clock = clock;
    lanes = new float[numThreads][LANES];
    long numRows = footprintBytes / numThreads / Integer.BYTES / LANES;
    int wholeGroups = (int) Math.max(1, numRows / ROWS_AT_ONCE);
    memory = new int[numThreads][wholeGroups * ROWS_AT_ONCE][LANES];
    folded = new int[numThreads][LANES];
  }

  /** Floating-point operations per second of all threads together, in billions. */
  double gigaflops() {
    return sumOfRates(this::multiplyAdd);
  }

  /** Bytes read per second by all threads together, in billions. */
  double gigabytes() {
    return sumOfRates(this::read);
  }

  /**
   * A bounded piece of work on one thread's memory. The clock is read outside of it: loops inside
   * the method that runs for the whole time are compiled while it runs, and then half as fast.
   */
  private interface Work {
    /** Operations or bytes of one piece. */
    long run(int thread);
  }

  private double sumOfRates(Work work) {
    DoubleAdder sum = new DoubleAdder();
    CyclicBarrier start = new CyclicBarrier(numThreads);
    Thread[] threads = new Thread[numThreads];
    for (int i = 0; i < numThreads; i++) {
      int thread = i;
      threads[i] = new Thread(() -> {
        awaitOthers(start);
        sum.add(rate(work, thread));
      });
      threads[i].start();
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
    return sum.sum();
  }

  private static void awaitOthers(CyclicBarrier start) {
    try {
      start.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException("the other threads did not start", e);
    }
  }

  /** Work per nanosecond. */
  private double rate(Work work, int thread) {
    long done = 0;
    long elapsed = 0;
    long start = clock.getAsLong();
    while (elapsed < MEASURED_NANOS) {
      done += work.run(thread);
      elapsed = clock.getAsLong() - start;
    }
    return (double) done / elapsed;
  }

  private long multiplyAdd(int thread) {
    float[] own = lanes[thread];
    for (int i = 0; i < NUM_PASSES; i++) {
      eightTimes(own, 0.5f, 0.5f);
    }
    return (long) NUM_PASSES * LANES * FLOPS_PER_LANE;
  }

  /** One chain of eight per lane; enough lanes are in flight to hide its latency. */
  private static void eightTimes(float[] lanes, float a, float b) {
    for (int j = 0; j < lanes.length; j++) {
      float x = lanes[j];
      x = Math.fma(x, a, b);
      x = Math.fma(x, a, b);
      x = Math.fma(x, a, b);
      x = Math.fma(x, a, b);
      x = Math.fma(x, a, b);
      x = Math.fma(x, a, b);
      x = Math.fma(x, a, b);
      x = Math.fma(x, a, b);
      lanes[j] = x;
    }
  }

  private long read(int thread) {
    int[][] rows = memory[thread];
    int[] sums = folded[thread];
    for (int i = 0; i < rows.length; i += ROWS_AT_ONCE) {
      fold(sums, rows[i], rows[i + 1], rows[i + 2], rows[i + 3],
          rows[i + 4], rows[i + 5], rows[i + 6], rows[i + 7]);
    }
    return (long) rows.length * LANES * Integer.BYTES;
  }

  private static void fold(
      int[] sums, int[] a, int[] b, int[] c, int[] d, int[] e, int[] f, int[] g, int[] h) {
    for (int j = 0; j < LANES; j++) {
      sums[j] ^= a[j] ^ b[j] ^ c[j] ^ d[j] ^ e[j] ^ f[j] ^ g[j] ^ h[j];
    }
  }
}
