package dev.weft.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Completes a stage when a request has ended. */
final class CompletionConsumer extends SerialConsumer {
  private final Generation generation;
  private final CompletableFuture<GenerationResult> future = new CompletableFuture<>();

  CompletionConsumer(Generation generation) {
    this.generation = generation;
  }

  CompletionStage<GenerationResult> stage() {
    return future.minimalCompletionStage();
  }

  @Override boolean isInterested() {
    return generation.result() != null;
  }

  @Override void work() {
    GenerationResult result = generation.result();
    if (result != null) {
      future.complete(result);
    }
  }
}
