package dev.weft.batching;

import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.testkit.PlainSequence;

/** A view of fixed facts, for what orders sequences and does not need a scheduler. */
final class TestSequence extends PlainSequence {
  private final long arrivalIndex;
  private final long arrivalNanos;
  private final int priority;
  private final SequenceStatus status;
  private final int numComputedTokens;

  TestSequence(int handle, long arrivalIndex, long arrivalNanos, int priority,
      SequenceStatus status, int numComputedTokens) {
    super(handle);
    this.arrivalIndex = arrivalIndex;
    this.arrivalNanos = arrivalNanos;
    this.priority = priority;
    this.status = status;
    this.numComputedTokens = numComputedTokens;
  }

  /** One that waits. */
  TestSequence(int handle, long arrivalIndex, long arrivalNanos, int priority) {
    this(handle, arrivalIndex, arrivalNanos, priority, SequenceStatus.WAITING, 0);
  }

  /** One that runs. */
  static TestSequence running(int arrivalIndex, int priority, int numComputedTokens) {
    return new TestSequence(arrivalIndex, arrivalIndex, 0, priority, SequenceStatus.RUNNING,
        numComputedTokens);
  }

  @Override public long arrivalIndex() {
    return arrivalIndex;
  }

  @Override public long arrivalNanos() {
    return arrivalNanos;
  }

  @Override public int priority() {
    return priority;
  }

  @Override public SequenceStatus status() {
    return status;
  }

  @Override public int numComputedTokens() {
    return numComputedTokens;
  }

  @Override public int numPromptTokens() {
    return 1;
  }

  @Override public int numTokens() {
    return 1;
  }

  @Override public String toString() {
    return "handle " + handle() + ", priority " + priority + ", " + status;
  }
}
