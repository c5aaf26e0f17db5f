package dev.weft.engine;

import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.Request;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Where other threads meet the loop: they submit, signal and call; the loop takes.
 *
 * <p>One word holds whether the intake is closed, how many accepted requests have not ended, and
 * how many sequences are queued. A submission is accepted by one compare-and-set of that word, so
 * whoever closes the intake knows that exactly the requests counted there are still to end.
 * Requests go through a bounded queue with many producers and one consumer. Its capacity is the
 * bound of the word, so an accepted request always finds room. Wishes about a request (cancel,
 * stop) need no room: the generation itself is linked into a list, at most once.
 */
final class Intake {
  private static final int MAX_NUM_CALLS = 64;
  private static final long CLOSED = Long.MIN_VALUE;
  private static final int LIVE_SHIFT = 32;
  private static final long ONE_LIVE = 1L << LIVE_SHIFT;
  private static final long QUEUED_MASK = ONE_LIVE - 1;
  private static final long LIVE_MASK = ~CLOSED & ~QUEUED_MASK;

  private final Scheduler scheduler;
  private final LongSupplier clock;
  private final Callbacks callbacks;
  private final TenantBound tenants;
  private final AtomicLong word = new AtomicLong();
  private final ConcurrentHashMap<Long, Generation> live = new ConcurrentHashMap<>();
  private final MpscVarHandleArrayQueue<Generation> submitted;
  private final MpscVarHandleArrayQueue<ControlCall<?>> calls =
      new MpscVarHandleArrayQueue<>(MAX_NUM_CALLS);
  private final AtomicReference<@Nullable Generation> signalled = new AtomicReference<>();
  private final Sleeper sleeper = new Sleeper();
  private volatile int numWaiting;
  private volatile int maxNumWaiting;
  private volatile long retryAfterNanos = 1_000_000_000;
  private volatile String closedMessage = "";
  private volatile boolean isOver;
  private volatile long liveSinceNanos = Long.MIN_VALUE;

  Intake(Scheduler scheduler, LongSupplier clock, Callbacks callbacks, TenantBound tenants) {
    this.scheduler = scheduler;
    this.clock = clock;
    this.callbacks = callbacks;
    this.tenants = tenants;
    maxNumWaiting = scheduler.limits().maxNumWaiting();
    submitted = new MpscVarHandleArrayQueue<>(Math.max(2, maxNumWaiting));
  }

  Callbacks callbacks() {
    return callbacks;
  }

  // ---- any thread

  Submission submit(Request request) {
    AddResult check = scheduler.check(request);
    if (!check.isAccepted()) {
      return Submission.invalid(check);
    }
    long nowNanos = clock.getAsLong();
    if (request.deadlineNanos() != Request.NO_DEADLINE && request.deadlineNanos() <= nowNanos) {
      return Submission.invalid(AddResult.refused(Refusal.EXPIRED, "request " + request.id()
          + ": deadlineNanos is " + request.deadlineNanos() + ", now is " + nowNanos));
    }
    Submission refused = tryEnter(request, nowNanos);
    if (refused != null) {
      return refused;
    }
    Generation generation = null;
    boolean isDuplicate;
    try {
      generation = new Generation(request, this, scheduler.limits().maxModelLen(), nowNanos);
      isDuplicate = live.putIfAbsent(request.id(), generation) != null;
    } catch (Throwable e) { // Out of memory, mostly: what was counted must not stay so.
      undoEnter(request);
      throw e;
    }
    if (isDuplicate) {
      undoEnter(request);
      return Submission.invalid(AddResult.refused(Refusal.DUPLICATE_ID,
          "request " + request.id() + ": a live request has this id"));
    }
    if (!submitted.offer(generation)) {
      throw new IllegalStateException(submitted.size() + " requests are queued, though "
          + "the count admits one more");
    }
    wake();
    return Submission.accepted(generation);
  }

  private @Nullable Submission tryEnter(Request request, long nowNanos) {
    if (!tenants.tryEnter(request.tenant())) {
      return Submission.full("request " + request.id() + ": " + tenants.maxNumWaiting()
          + " requests of tenant \"" + request.tenant() + "\" wait, no more may",
          retryAfterNanos);
    }
    int numSamples = request.sampling().numSamples();
    while (true) {
      long before = word.get();
      long numQueued = before & QUEUED_MASK;
      if (before < 0 || numQueued + numWaiting + numSamples > maxNumWaiting) {
        tenants.leave(request.tenant());
        return before < 0 ? Submission.closed("request " + request.id() + ": " + closedMessage)
            : Submission.full("request " + request.id() + ": " + (numQueued + numWaiting)
                + " sequences wait and it brings " + numSamples + ", at most " + maxNumWaiting
                + " may wait", retryAfterNanos);
      }
      if ((before & LIVE_MASK) == 0) {
        liveSinceNanos = nowNanos; // First, so that nobody sees a live one without it.
      }
      if (word.compareAndSet(before, before + ONE_LIVE + numSamples)) {
        return null;
      }
    }
  }

  private void undoEnter(Request request) {
    word.addAndGet(-ONE_LIVE - request.sampling().numSamples());
    tenants.leave(request.tenant());
    wake(); // Who waits for the last request to end must look again.
  }

  /** Lets the loop look at the wishes about a request. */
  void signal(Generation generation) {
    if (generation.markSignalled()) {
      Generation top;
      do {
        top = signalled.get();
        generation.nextSignalled = top;
      } while (!signalled.compareAndSet(top, generation));
      wake();
      if (isOver) {
        signalled.set(null); // Nobody takes them, so they must not be kept.
      }
    }
  }

  /** Lets the loop make a call; false when too many are waiting to be made. */
  boolean offerCall(ControlCall<?> call) {
    boolean isQueued = calls.offer(call);
    wake();
    return isQueued;
  }

  /** Accepts nothing any more; the first message stays. */
  void close(String message) {
    if (closedMessage.isEmpty()) {
      closedMessage = message;
    }
    word.getAndUpdate(before -> before | CLOSED);
  }

  /** Why nothing is accepted any more; empty while something is. */
  String closedMessage() {
    return closedMessage;
  }

  /** Accepted requests that have not ended. */
  int numLive() {
    return (int) ((word.get() & LIVE_MASK) >>> LIVE_SHIFT);
  }

  /** Everything has ended for good: nothing is taken in any more. By the loop, the last time. */
  void end() {
    isOver = true;
    signalled.set(null);
  }

  boolean isOver() {
    return isOver;
  }

  /** When a request was last accepted while none lived. */
  long liveSinceNanos() {
    return liveSinceNanos;
  }

  void wake() {
    sleeper.wake();
  }

  // ---- the loop

  /** Takes the oldest request that was not taken; null when there is none. */
  @Nullable Generation takeSubmitted() {
    return submitted.poll();
  }

  /** A request that was taken has been added to the scheduler, or has ended. */
  void leaveQueue(Generation generation, int numWaitingNow) {
    numWaiting = numWaitingNow;
    word.addAndGet(-generation.numSamples());
  }

  /** All generations signalled since the last call, linked by {@code nextSignalled}. */
  @Nullable Generation takeSignalled() {
    return signalled.get() == null ? null : signalled.getAndSet(null);
  }

  @Nullable ControlCall<?> takeCall() {
    return calls.poll();
  }

  /** A request has ended: from now on its id may be used again. */
  void leave(Generation generation) {
    live.remove(generation.request().id());
    word.addAndGet(-ONE_LIVE);
  }

  /** Tells submitters how things stand. */
  void publish(int numWaitingNow, int maxNumWaitingNow) {
    numWaiting = numWaitingNow;
    maxNumWaiting = maxNumWaitingNow;
  }

  /** What to tell those who find no room. */
  void publishRetryAfter(long nanos) {
    retryAfterNanos = nanos;
  }

  /** What is kept though no request lives, in words; empty when nothing is. For tests. */
  String leftovers() {
    StringBuilder text = new StringBuilder();
    if (!live.isEmpty()) {
      text.append("ids ").append(live.keySet());
    }
    if (!tenants.isEmpty()) {
      text.append(" places of tenants");
    }
    if (!submitted.isEmpty()) {
      text.append(" submissions");
    }
    return word.get() == CLOSED ? text.toString() : text.append(" counts").toString();
  }

  boolean hasNews() {
    return !submitted.isEmpty() || signalled.get() != null || !calls.isEmpty();
  }

  /** Parks the loop's thread until there is news, somebody wakes it, or the time is over. */
  void sleep(long maxNanos, BooleanSupplier mustWake) {
    sleeper.sleep(maxNanos, () -> hasNews() || mustWake.getAsBoolean());
  }
}
