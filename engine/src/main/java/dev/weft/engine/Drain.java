package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A drain under way: until when requests may finish by themselves, and which of them did. */
final class Drain {
  private final long deadlineNanos;
  private final CompletableFuture<DrainReport> future = new CompletableFuture<>();
  /** For the loop alone, as the count below. */
  private final List<Long> cutOff = new ArrayList<>();
  private int numFinished;

  Drain(long deadlineNanos) {
    this.deadlineNanos = deadlineNanos;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  CompletionStage<DrainReport> stage() {
    return future.minimalCompletionStage();
  }

  void onEnd(Generation generation) {
    for (int i = 0; i < generation.numSamples(); i++) {
      FinishReason reason = generation.sample(i).endReason();
      if (reason == FinishReason.SHUTDOWN || reason == FinishReason.ERROR) {
        cutOff.add(generation.request().id());
        return;
      }
    }
    numFinished++;
  }

  /** Everything has ended. */
  void complete(Callbacks callbacks) {
    DrainReport report = new DrainReport(numFinished, List.copyOf(cutOff));
    callbacks.execute(() -> future.complete(report));
  }
}
