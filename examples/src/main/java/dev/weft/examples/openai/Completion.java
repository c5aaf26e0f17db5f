package dev.weft.examples.openai;

import dev.weft.engine.Generation;
import dev.weft.engine.GenerationResult;
import dev.weft.engine.Submission;
import dev.weft.engine.TokenListener;
import dev.weft.engine.WeftEngine;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The answers to one request of a client: a generation for each prompt, a choice for each sample.
 * Used by the thread that serves the client. Closing it cancels what has not ended.
 */
final class Completion implements AutoCloseable {
  private final List<Generation> generations = new ArrayList<>();
  private final List<Choice> choices = new ArrayList<>();
  private final Semaphore news = new Semaphore(0);

  private Completion() {}

  /**
   * Submits all prompts of a request, or none.
   *
   * @param timeout after which it is ended, waiting included
   */
  static Completion submit(CompletionRequest asked, WeftEngine engine, ServedModel model,
      Duration timeout) throws ApiException {
    Completion completion = new Completion();
    boolean isSubmitted = false;
    try {
      for (int[] prompt : asked.prompts()) {
        Request request = Request.builder(engine.nextRequestId(), prompt)
            .sampling(asked.sampling())
            .tenant(asked.user())
            .deadlineNanos(engine.nowNanos() + timeout.toNanos())
            .build();
        Submission submission = engine.submit(request);
        if (!submission.isAccepted()) {
          throw new ApiException(ApiError.of(submission));
        }
        completion.add(submission.generation(), model, asked.stops());
      }
      isSubmitted = true;
      return completion;
    } finally {
      if (!isSubmitted) {
        completion.close();
      }
    }
  }

  private void add(Generation generation, ServedModel model, List<String> stops) {
    generations.add(generation);
    for (int i = 0; i < generation.numSamples(); i++) {
      choices.add(new Choice(choices.size(), generation, i, model, stops));
    }
    generation.listen(new TokenListener() {
      @Override public void onToken(int sampleIndex, int outputIndex, int token) {
        news.release();
      }

      @Override public void onEnd(GenerationResult result) {
        news.release();
      }
    });
  }

  /**
   * Waits for tokens or ends, no longer than that, and takes them in.
   *
   * @return true when everything was taken in and nothing will come any more
   */
  boolean await(Duration timeout) throws InterruptedException {
    if (news.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      news.drainPermits(); // Before the look at the generations: what comes later wakes again.
    }
    // Before the tokens are looked at: then they are all.
    boolean isDone = generations.stream().allMatch(generation -> generation.result() != null);
    choices.forEach(Choice::pull);
    return isDone;
  }

  /** All answers: those of the first prompt, those of the second, and so on. */
  List<Choice> choices() {
    return choices;
  }

  /** Why one of the answers was cut off; null while none was. */
  @Nullable ApiError failure() {
    for (Choice choice : choices) {
      FinishReason reason = choice.reason();
      if (reason != null && !reason.isComplete()) {
        return ApiError.cutOff(reason, message());
      }
    }
    return null;
  }

  private String message() {
    return generations.stream().map(Generation::result).filter(Objects::nonNull)
        .map(GenerationResult::message).filter(message -> !message.isEmpty()).findFirst()
        .orElse("");
  }

  /** The numbers of tokens; only when nothing will come any more. */
  Usage usage() {
    int numPromptTokens = 0;
    int numCachedTokens = 0;
    for (Generation generation : generations) {
      GenerationResult result = Objects.requireNonNull(generation.result());
      numPromptTokens += result.numPromptTokens();
      numCachedTokens += result.numCachedTokens();
    }
    int numOutputTokens = choices.stream().mapToInt(Choice::numTokens).sum();
    return new Usage(numPromptTokens, numOutputTokens, numCachedTokens);
  }

  @Override public void close() {
    for (Generation generation : generations) {
      if (generation.result() == null) {
        generation.cancel();
      }
    }
  }

  /**
   * What a request took.
   *
   * @param numPromptTokens of all prompts, each counted once
   * @param numOutputTokens of all answers
   * @param numCachedTokens prompt tokens that were found in the prefix cache
   */
  record Usage(int numPromptTokens, int numOutputTokens, int numCachedTokens) {}
}
