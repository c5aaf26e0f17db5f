package dev.weft.benchmarks;

import java.util.Arrays;
import org.openjdk.jmh.results.AggregationPolicy;

/**
 * CPU and wall time of every timed step of one kind. A step is timed from {@link #start} to {@link
 * #stop}, without what lies between {@link #pause} and {@link #resume}.
 *
 * <p>Reading the thread's CPU clock costs as much as a small step. So the cost of an empty pair of
 * readings, the least of many, is measured once and taken off; it is reported as well.
 *
 * <p>On a virtual machine the CPU time of a step that was interrupted can come out far too small,
 * because the kernel takes off what the hypervisor reports as stolen. So the least CPU time is that
 * of a step whose wall time is hardly longer, if there is one.
 */
final class StepTimes {
  private static final int NUM_EMPTY_PAIRS = 100_000;
  private static long emptyCpuNanos = Long.MAX_VALUE;
  private static long emptyWallNanos = Long.MAX_VALUE;

  private final String name;
  private final String unit;
  private final double unitsPerNano;
  private final long[] cpuNanos;
  private final long[] wallNanos;
  private int numSteps;
  private long cpu;
  private long wall;
  private int numPairs;
  private long cpuStart;
  private long wallStart;

  private StepTimes(String name, String unit, double unitsPerNano, int maxNumSteps) {
    this.name = name;
    this.unit = unit;
    this.unitsPerNano = unitsPerNano;
    cpuNanos = new long[maxNumSteps];
    wallNanos = new long[maxNumSteps];
    if (emptyCpuNanos == Long.MAX_VALUE) {
      calibrate();
    }
  }

  /** Reported in microseconds for each of the things that one timed step does. */
  static StepTimes inMicros(String thing, int numPerStep, int maxNumSteps) {
    return new StepTimes(thing, "us/" + thing, 1e-3 / numPerStep, maxNumSteps);
  }

  /** Reported in nanoseconds for each of the blocks that one timed step deals with. */
  static StepTimes inNanosPerBlock(String name, int numPerStep, int maxNumSteps) {
    return new StepTimes(name, "ns/block", 1.0 / numPerStep, maxNumSteps);
  }

  private void calibrate() {
    for (int i = 0; i < NUM_EMPTY_PAIRS; i++) {
      start();
      leave();
      emptyCpuNanos = Math.min(emptyCpuNanos, cpu);
      emptyWallNanos = Math.min(emptyWallNanos, wall);
    }
  }

  /** Begins a step. */
  void start() {
    cpu = 0;
    wall = 0;
    numPairs = 0;
    resume();
  }

  /** What follows belongs to the step. */
  void resume() {
    numPairs++;
    cpuStart = ThreadClock.cpuNanos();
    wallStart = System.nanoTime();
  }

  /** What follows does not belong to the step. */
  void pause() {
    leave();
  }

  private void leave() {
    wall += System.nanoTime() - wallStart;
    cpu += ThreadClock.cpuNanos() - cpuStart;
  }

  /** Ends a step. */
  void stop() {
    leave();
    cpuNanos[numSteps] = Math.max(0, cpu - numPairs * emptyCpuNanos);
    wallNanos[numSteps] = Math.max(0, wall - numPairs * emptyWallNanos);
    numSteps++;
  }

  /** Hands minimum, mean, median and 99th percentile to JMH. */
  void report() {
    report("CpuMean", Arrays.stream(cpuNanos, 0, numSteps).sum() / numSteps,
        AggregationPolicy.AVG);
    report("CpuMin", leastCpuNanos(), AggregationPolicy.MIN);
    reportQuantiles("Cpu", sorted(cpuNanos));
    report("WallMin", sorted(wallNanos)[0], AggregationPolicy.MIN);
    reportQuantiles("Wall", sorted(wallNanos));
    SecondaryResults.add(
        name + "CpuClockTakenOff", (double) emptyCpuNanos, "ns", AggregationPolicy.MAX);
  }

  int numSteps() {
    return numSteps;
  }

  /** Forgets all steps. */
  void clear() {
    numSteps = 0;
  }

  /** CPU time that this share of the steps, 0 to 1, does not exceed. */
  long cpuNanosAt(double share) {
    return sorted(cpuNanos)[(int) Math.min(numSteps - 1, numSteps * share)];
  }

  private long leastCpuNanos() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < numSteps; i++) {
      boolean wasInterrupted = wallNanos[i] > cpuNanos[i] + cpuNanos[i] / 4;
      least = wasInterrupted ? least : Math.min(least, cpuNanos[i]);
    }
    return least == Long.MAX_VALUE ? sorted(cpuNanos)[0] : least;
  }

  private long[] sorted(long[] nanos) {
    long[] sorted = Arrays.copyOf(nanos, numSteps);
    Arrays.sort(sorted);
    return sorted;
  }

  private void reportQuantiles(String clock, long[] sorted) {
    report(clock + "Median", sorted[numSteps / 2], AggregationPolicy.AVG);
    report(clock + "P99", sorted[(int) (numSteps * 0.99)], AggregationPolicy.AVG);
  }

  private void report(String figure, long nanos, AggregationPolicy policy) {
    SecondaryResults.add(name + figure, (double) nanos * unitsPerNano, unit, policy);
  }
}
