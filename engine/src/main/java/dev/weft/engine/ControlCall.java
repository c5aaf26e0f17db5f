package dev.weft.engine;

import dev.weft.batching.Scheduler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Something the owner of the scheduler is asked to do with it between two rounds. */
final class ControlCall<T> {
  private final Function<Scheduler, T> call;
  private final Callbacks callbacks;
  private final CompletableFuture<T> future = new CompletableFuture<>();

  ControlCall(Function<Scheduler, T> call, Callbacks callbacks) {
    this.call = call;
    this.callbacks = callbacks;
  }

  CompletionStage<T> stage() {
    return future.minimalCompletionStage();
  }

  /** Makes the call on the loop's thread; its answer is told on the callback executor. */
  void run(Scheduler scheduler) {
    try {
      T answer = call.apply(scheduler);
      callbacks.execute(() -> future.complete(answer));
    } catch (Throwable e) { // Also checked ones, which other languages throw undeclared.
      fail(e);
      if (e instanceof Error error) {
        throw error;
      }
    }
  }

  void fail(Throwable failure) {
    callbacks.execute(() -> future.completeExceptionally(failure));
  }
}
