package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.OutputToken;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.AustenTokenizer;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Reactive: a generation is a {@code Flow.Publisher}, which Reactor, RxJava, Mutiny and Akka adapt
 * with one call. The subscriber asks for as many tokens as it can take; the engine does not wait
 * for it, and nothing is lost.
 */
public final class Example10Reactive {
  private Example10Reactive() {}

  /** Prints an answer of which five tokens at a time are asked for. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostExecutor executor = HostExecutor.builder(HostModel.load(folder)).build();
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        WeftEngine engine = WeftEngine.builder(executor).build().start()) {
      String prompt = "Catherine opened the door, and";
      Generation generation = engine.submit(
          Request.builder(engine.nextRequestId(), tokenizer.encode(prompt))
              .sampling(SamplingParameters.greedy(18)).build()).generation();
      System.out.println(prompt);
      FiveAtATime reader = new FiveAtATime(tokenizer);
      generation.publisher().subscribe(reader);
      System.out.println("complete after " + reader.numTokens.get() + " tokens");
    }
  }

  /** Asks for five more whenever it has got five. */
  private static final class FiveAtATime implements Flow.Subscriber<OutputToken> {
    private final CompletableFuture<Integer> numTokens = new CompletableFuture<>();
    private final AustenTokenizer tokenizer;
    private Flow.@Nullable Subscription subscription;
    private int numSeen;

    private FiveAtATime(AustenTokenizer tokenizer) {
      this.tokenizer = tokenizer;
    }

    @Override public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(5); // And cancel() to cancel the generation.
    }

    @Override public void onNext(OutputToken next) {
      System.out.print(tokenizer.decode(new int[] {next.token()}));
      if (++numSeen % 5 == 0) {
        System.out.println();
        Objects.requireNonNull(subscription).request(5);
      }
    }

    @Override public void onComplete() {
      System.out.println();
      numTokens.complete(numSeen);
    }

    @Override public void onError(Throwable failure) { // When the answer was cut off.
      numTokens.completeExceptionally(failure);
    }
  }
}
