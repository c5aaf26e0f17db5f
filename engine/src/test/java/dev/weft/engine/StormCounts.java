package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** What happened in a storm, counted by everybody who sees it. */
final class StormCounts {
  private static final long MAX_SECONDS = 120;
  private final LongAdder numFull = new LongAdder();
  private final LongAdder numClosed = new LongAdder();
  private final LongAdder numInvalid = new LongAdder();
  private final LongAdder numAccepted = new LongAdder();
  private final LongAdder numCompleted = new LongAdder();
  private final LongAdder numHeardEnd = new LongAdder();
  private final LongAdder numDrained = new LongAdder();
  private final AtomicInteger numClosedEngines = new AtomicInteger();
  private final AtomicLongArray numByReason = new AtomicLongArray(FinishReason.values().length);
  private final AtomicLong progress = new AtomicLong();
  private final Collection<String> wrongs = new ConcurrentLinkedQueue<>();
  private final Collection<WeakReference<Object>> remembered = new ConcurrentLinkedQueue<>();

  void wrong(String what) {
    wrongs.add(what);
  }

  void refused(Submission submission) {
    switch (submission.status()) {
      case FULL -> numFull.increment();
      case CLOSED -> numClosed.increment();
      default -> numInvalid.increment();
    }
  }

  void closed(WeftEngine engine) {
    numClosedEngines.incrementAndGet();
    remember(engine);
  }

  void drained() {
    numDrained.increment();
  }

  /** Must be garbage when the storm is over. */
  void remember(Object object) {
    remembered.add(new WeakReference<>(object));
  }

  long numAccepted() {
    return numAccepted.sum();
  }

  long numClosedEngines() {
    return numClosedEngines.get();
  }

  /** Watches one accepted request; to be made once for each. */
  Witness witness(Generation generation) {
    numAccepted.increment();
    remember(generation);
    return new Witness();
  }

  /** Waits for the callbacks that are still on their way. */
  void awaitAllEnded() {
    awaitWhileItMoves(() -> numCompleted.sum() >= numAccepted.sum()
        && numHeardEnd.sum() >= numAccepted.sum(), "ends of requests");
  }

  private interface Condition {
    boolean holds();
  }

  private void awaitWhileItMoves(Condition condition, String what) {
    long last = -1;
    long endNanos = 0;
    while (!condition.holds()) {
      if (progress.get() != last) {
        last = progress.get();
        endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
      }
      if (System.nanoTime() > endNanos) {
        throw new AssertionError(what + " are missing: " + this);
      }
      Thread.onSpinWait();
    }
  }

  void check() {
    if (!wrongs.isEmpty()) {
      throw new AssertionError(wrongs.size() + " things are wrong, the first: "
          + wrongs.iterator().next() + "  " + this);
    }
    if (numCompleted.sum() != numAccepted.sum() || numHeardEnd.sum() != numAccepted.sum()) {
      throw new AssertionError("ended more often than accepted: " + this);
    }
  }

  /** Memory is back where it was: nobody knows any engine or generation any more. */
  void awaitForgotten() {
    long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
    List<WeakReference<Object>> left = new ArrayList<>(remembered);
    while (true) {
      System.gc();
      left.removeIf(reference -> reference.refersTo(null));
      if (left.isEmpty()) {
        return;
      }
      if (System.nanoTime() > endNanos) {
        throw new AssertionError(left.size() + " of " + remembered.size()
            + " engines and requests are not forgotten, say " + left.get(0).get());
      }
    }
  }

  @Override public String toString() {
    StringBuilder text = new StringBuilder("accepted " + numAccepted + ", completed "
        + numCompleted + ", heard the end of " + numHeardEnd + ", full " + numFull + ", closed "
        + numClosed + ", invalid " + numInvalid + ", engines " + numClosedEngines + ", drains "
        + numDrained + ";");
    for (FinishReason reason : FinishReason.values()) {
      text.append(' ').append(reason).append(' ').append(numByReason.get(reason.ordinal()));
    }
    return text.toString();
  }

  /** Hears of the end of one request, in two ways. */
  final class Witness implements TokenListener {
    private final AtomicInteger numEnds = new AtomicInteger();
    private final AtomicInteger numCompletions = new AtomicInteger();
    private int numHeard;

    /** By the completion; whatever it holds is checked to be of one piece. */
    void onCompletion(GenerationResult result, Throwable failure) {
      if (numCompletions.incrementAndGet() != 1 || failure != null) {
        wrong("completed again, or with " + failure);
        return;
      }
      for (int i = 0; i < result.numSamples(); i++) {
        numByReason.incrementAndGet(result.reason(i).ordinal());
      }
      numCompleted.increment();
      progress.incrementAndGet();
    }

    @Override public void onToken(int sampleIndex, int outputIndex, int token) {
      numHeard++;
    }

    @Override public void onEnd(GenerationResult result) {
      if (numEnds.incrementAndGet() != 1) {
        wrong("heard a second end of " + result);
      }
      int numTokens = 0;
      boolean isStopped = false;
      for (int i = 0; i < result.numSamples(); i++) {
        numTokens += result.numTokens(i);
        isStopped |= result.reason(i) == FinishReason.STOP;
      }
      if (isStopped ? numHeard < numTokens : numHeard != numTokens) {
        wrong("heard " + numHeard + " tokens of " + result);
      }
      numHeardEnd.increment();
      progress.incrementAndGet();
    }
  }
}
