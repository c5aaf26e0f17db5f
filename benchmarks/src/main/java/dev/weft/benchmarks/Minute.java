package dev.weft.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;

/**
 * Runs a workload for a minute under Java Flight Recorder. A step and an {@link EmptyLoop} of the
 * same length take turns, so that what the machine does to the one it does to the other.
 */
final class Minute {
  private static final int MAX_NUM_STEPS = 1 << 22;
  /** Not more in one call, so that no method runs for so long that it is compiled meanwhile. */
  private static final int NUM_STEPS_PER_CALL = 100;

  private static final int NUM_PARTS_OF_WARM_UP = 5;

  private final MinuteLoad load;
  private final EmptyLoop loop = new EmptyLoop();
  private final StepTimes stepTimes = StepTimes.inMicros("step", 1, MAX_NUM_STEPS);
  private final StepTimes loopTimes = StepTimes.inMicros("loop", 1, MAX_NUM_STEPS);

  Minute(MinuteLoad load) {
    this.load = load;
  }

  /**
   * Warms up, measures, and reads the recording.
   *
   * @throws IOException when the recording cannot be written or read
   */
  MinuteResult run(long warmUpMillis, long millis) throws IOException {
    Path file = Files.createTempFile("minute", ".jfr");
    try (Recording recording = MinuteEvents.record()) {
      warmUp(warmUpMillis);
      MinuteEvent minute = new MinuteEvent();
      long allocatedBefore = ThreadClock.allocatedBytes();
      minute.begin();
      runFor(millis);
      minute.end();
      long allocatedBytes = ThreadClock.allocatedBytes() - allocatedBefore;
      minute.commit();
      recording.dump(file);
      MinuteEvents events = MinuteEvents.read(file, Thread.currentThread().getName());
      return new MinuteResult(MinuteResult.Times.of(stepTimes), MinuteResult.Times.of(loopTimes),
          allocatedBytes, events);
    } finally {
      Files.delete(file);
    }
  }

  /** After each part the loop is made as long as the steps beside it were. */
  private void warmUp(long millis) {
    for (int part = 0; part < NUM_PARTS_OF_WARM_UP; part++) {
      runFor(millis / NUM_PARTS_OF_WARM_UP);
      loop.adjust(loopTimes.cpuNanosAt(0.5), stepTimes.cpuNanosAt(0.5));
      stepTimes.clear();
      loopTimes.clear();
    }
  }

  private void runFor(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (System.nanoTime() < end && MAX_NUM_STEPS - stepTimes.numSteps() > NUM_STEPS_PER_CALL) {
      runSteps();
    }
  }

  private void runSteps() {
    for (int i = 0; i < NUM_STEPS_PER_CALL; i++) {
      load.prepareStep();
      runStep();
      runLoop();
    }
  }

  private void runStep() {
    MeasuredEngine engine = load.engine;
    stepTimes.start();
    engine.plan();
    stepTimes.pause();
    engine.complete();
    stepTimes.resume();
    engine.update();
    stepTimes.stop();
  }

  private void runLoop() {
    loopTimes.start();
    loop.run();
    loopTimes.stop();
  }
}
