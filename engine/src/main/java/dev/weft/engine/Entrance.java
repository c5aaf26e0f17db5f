package dev.weft.engine;

import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/**
 * Accepted requests on their way into the scheduler; for the loop alone. Mostly they go straight
 * through. One for which there is no room now, since more wait than submitters knew, holds back
 * those behind it, who can still be cancelled and expire.
 */
final class Entrance {
  private final Intake intake;
  private final Scheduler scheduler;
  private final Delivery delivery;
  private final LongSupplier clock;
  private final ArrayDeque<Generation> queued = new ArrayDeque<>();

  Entrance(Intake intake, Scheduler scheduler, Delivery delivery, LongSupplier clock) {
    this.intake = intake;
    this.scheduler = scheduler;
    this.delivery = delivery;
    this.clock = clock;
  }

  /** Adds to the scheduler what it has room for; true when anything was added or has ended. */
  boolean letIn() {
    takeSubmitted();
    boolean any = false;
    while (!queued.isEmpty() && tryAdd(queued.peek())) {
      leave(queued.poll());
      any = true;
    }
    return (!queued.isEmpty() && endQueued()) || any;
  }

  private void takeSubmitted() {
    for (Generation generation = intake.takeSubmitted(); generation != null;
        generation = intake.takeSubmitted()) {
      queued.add(generation);
    }
  }

  private void leave(Generation generation) {
    intake.leaveQueue(generation, scheduler.numSequencesWaiting());
  }

  /** False when there is no room now: it stays queued. */
  private boolean tryAdd(Generation generation) {
    long nowNanos = clock.getAsLong();
    if (generation.isCancelled()) {
      delivery.refuse(generation, FinishReason.ABORT, "cancelled before it was queued", nowNanos);
      return true;
    }
    delivery.open(generation);
    AddResult answer = scheduler.add(generation.request(), nowNanos);
    // With nothing in the scheduler a cap was lowered below what it brings: waiting is no use.
    if (answer.refusal() == Refusal.FULL && !scheduler.isIdle()) {
      delivery.takeBack(generation);
      return false;
    }
    if (!answer.isAccepted()) {
      FinishReason reason = switch (answer.refusal()) {
        case EXPIRED -> FinishReason.DEADLINE;
        case SHUT_DOWN -> FinishReason.SHUTDOWN;
        default -> FinishReason.REFUSED;
      };
      delivery.refuse(generation, reason, answer.message(), nowNanos);
    }
    return true;
  }

  /** Ends what is cancelled or expires behind one for which there is no room. */
  private boolean endQueued() {
    long nowNanos = clock.getAsLong();
    return queued.removeIf(generation -> {
      if (generation.isCancelled()) {
        delivery.refuse(generation, FinishReason.ABORT, "cancelled before it was queued", nowNanos);
      } else if (generation.request().deadlineNanos() != Request.NO_DEADLINE
          && generation.request().deadlineNanos() <= nowNanos) {
        delivery.refuse(generation, FinishReason.DEADLINE, "expired before it was queued",
            nowNanos);
      } else {
        return false;
      }
      leave(generation);
      return true;
    });
  }

  /** Ends with SHUTDOWN what has not been added; true when there was anything. */
  boolean refuseAll(String message) {
    takeSubmitted();
    boolean any = !queued.isEmpty();
    while (!queued.isEmpty()) {
      Generation generation = queued.poll();
      leave(generation);
      delivery.refuse(generation, FinishReason.SHUTDOWN, message, clock.getAsLong());
    }
    return any;
  }
}
