package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Consumers of all kinds, good and bad, over an engine on its own thread. */
final class ConsumersTest {
  private static final int NUM_TOKENS = 20;
  private final StubbornExecutor executor = new StubbornExecutor(spec(2));
  private final CountDownLatch neverUntilTheEnd = new CountDownLatch(1);
  private WeftEngine engine = WeftEngine.builder(executor).build().start();

  @AfterEach void close() {
    neverUntilTheEnd.countDown();
    engine.close();
  }

  private Generation submit(long id) {
    return engine.submit(request(id, 5, NUM_TOKENS).build()).generation();
  }

  private Generation submitBlocked(long id) {
    return engine.submit(request(id, 5, NUM_TOKENS).blockedBy(BlockReason.HOST).build())
        .generation();
  }

  private void unblock(long id) {
    boolean isUnblocked = Patience.join(engine.control(scheduler -> scheduler.unblock(id)));
    assertThat(isUnblocked).isTrue();
  }

  private static GenerationResult end(Generation generation) {
    return Patience.join(generation.completion());
  }

  private static int[] read(Generation generation) {
    List<Integer> tokens = new ArrayList<>();
    try (TokenIterator iterator = generation.tokens()) {
      while (iterator.hasNext()) {
        assertThat(iterator.outputIndex()).isEqualTo(tokens.size());
        tokens.add(iterator.nextInt());
      }
      assertThatThrownBy(iterator::nextInt).isInstanceOf(NoSuchElementException.class)
          .hasMessage("request " + generation.request().id() + ": ended after " + tokens.size()
              + " tokens");
    }
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Everybody else is served, whatever the first one's consumer does. */
  private void assertOthersAreServed() {
    for (int id = 100; id < 120; id++) {
      Generation other = submit(id);
      Recorder recorder = new Recorder(1);
      other.listen(recorder);
      other.publisher().subscribe(recorder);
      assertThat(read(other)).hasSize(NUM_TOKENS).containsExactly(end(other).tokens(0));
      assertThat(recorder.heardAll()).containsExactly(end(other).tokens(0));
      assertThat(recorder.streamedAll()).containsExactly(end(other).tokens(0));
    }
    assertThat(engine.health().isReady()).isTrue();
  }

  // ---- good ones

  @Test void severalConsumersOfAllKindsGetEverything() {
    Generation generation = submitBlocked(1);
    List<Recorder> recorders = new ArrayList<>();
    List<CompletableFuture<int[]>> readers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Recorder recorder = new Recorder(1 + i);
      recorders.add(recorder);
      generation.listen(recorder);
      generation.publisher().subscribe(recorder);
      readers.add(CompletableFuture.supplyAsync(() -> read(generation)));
    }
    unblock(1);

    int[] tokens = end(generation).tokens(0);

    assertThat(tokens).hasSize(NUM_TOKENS);
    for (int i = 0; i < 4; i++) {
      assertThat(Patience.join(readers.get(i))).containsExactly(tokens);
      assertThat(recorders.get(i).heardAll()).containsExactly(tokens);
      assertThat(recorders.get(i).streamedAll()).containsExactly(tokens);
    }
  }

  @Test void whoComesAfterTheEndGetsEverythingToo() {
    Generation generation = submit(1);
    int[] tokens = end(generation).tokens(0);
    engine.close();
    Recorder recorder = new Recorder(3);

    generation.listen(recorder);
    generation.publisher().subscribe(recorder);

    assertThat(recorder.heardAll()).containsExactly(tokens);
    assertThat(recorder.streamedAll()).containsExactly(tokens);
    assertThat(read(generation)).containsExactly(tokens);
    assertThat(end(generation).tokens(0)).containsExactly(tokens);
  }

  @Test void samplesAreReadEachByItself() {
    Generation generation = engine.submit(request(1, 5, 1).sampling(SamplingParameters.builder()
        .maxNewTokens(NUM_TOKENS).temperature(1).numSamples(4).build()).build()).generation();
    Recorder recorder = new Recorder(2);
    generation.publisher().subscribe(recorder);

    for (int i = 0; i < 4; i++) {
      List<Integer> tokens = new ArrayList<>();
      generation.tokens(i).forEachRemaining((Integer token) -> tokens.add(token));
      assertThat(tokens).hasSize(NUM_TOKENS)
          .containsExactlyElementsOf(boxed(end(generation).tokens(i)));
      int sampleIndex = i;
      assertThat(recorder.streamedAll().length).isEqualTo(4 * NUM_TOKENS);
      assertThat(recorder.streamed.stream().filter(token -> token.sampleIndex() == sampleIndex)
          .map(OutputToken::token)).containsExactlyElementsOf(tokens);
    }
  }

  private static List<Integer> boxed(int[] tokens) {
    List<Integer> list = new ArrayList<>();
    for (int token : tokens) {
      list.add(token);
    }
    return list;
  }

  // ---- slow and stuck ones

  @Test void stuckConsumersHoldUpNobody() {
    Generation stuck = submitBlocked(1); // So that no consumer is called by this thread.
    stuck.listen((sample, index, token) -> Patience.await(neverUntilTheEnd));
    stuck.publisher().subscribe(new Recorder(1) {
      @Override public void onNext(OutputToken token) {
        Patience.await(neverUntilTheEnd);
      }
    });
    CompletableFuture<Void> dependent = stuck.completion()
        .thenAccept(result -> Patience.await(neverUntilTheEnd)).toCompletableFuture();
    unblock(1);

    assertThat(end(stuck).isComplete()).isTrue();
    assertThat(read(stuck)).hasSize(NUM_TOKENS);
    assertOthersAreServed();
    assertThat(dependent).isNotDone();
  }

  @Test void subscriberThatAsksForNothingGetsNothing() {
    Generation generation = submit(1);
    Recorder silent = new Recorder(0);
    generation.publisher().subscribe(silent);
    assertThat(end(generation).isComplete()).isTrue();
    assertThat(silent.streamed).isEmpty();

    silent.subscription.join().request(2);
    Patience.until(() -> silent.streamed.size() == 2);
    silent.subscription.join().request(Long.MAX_VALUE);

    assertThat(silent.streamedAll()).containsExactly(end(generation).tokens(0));
  }

  // ---- throwing ones

  @Test void throwingListenerIsCancelledAndHarmsNobody() {
    for (Throwable thrown : List.of(new IllegalStateException("no"), new LinkageError("no"),
        new IOException("no"))) {
      Generation bad = submitBlocked(1);
      Recorder good = new Recorder(1);
      bad.listen((sample, index, token) -> Sneaky.<Object, RuntimeException>raise(thrown));
      bad.listen(good);
      executor.isBusy = untilItEnds(bad);
      unblock(1);

      assertThat(end(bad).reason(0)).isEqualTo(FinishReason.ABORT);
      assertThat(good.heardAll()).containsExactly(end(bad).tokens(0));
    }
    executor.isBusy = () -> false;
    assertOthersAreServed();
  }

  /** Lets no request go on behind its first token: it ends because its consumer throws. */
  private static BooleanSupplier untilItEnds(Generation generation) {
    return () -> generation.numTokens(0) > 0 && generation.result() == null;
  }

  @Test void throwingSubscriberIsLetGo() {
    for (Throwable thrown : List.of(new IllegalStateException("no"), new LinkageError("no"),
        new IOException("no"))) {
      Generation bad = submitBlocked(1);
      bad.publisher().subscribe(new Recorder(1) {
        @Override public void onNext(OutputToken token) {
          Sneaky.<Object, RuntimeException>raise(thrown);
        }
      });
      executor.isBusy = untilItEnds(bad);
      unblock(1);

      assertThat(end(bad).reason(0)).isEqualTo(FinishReason.ABORT);
    }
    executor.isBusy = () -> false;
    assertOthersAreServed();
  }

  @Test void throwingDependentStageIsItsOwnBusiness() {
    Generation generation = submitBlocked(1);
    CompletableFuture<Object> dependent = generation.completion().thenApply(result -> {
      throw new LinkageError("no");
    }).toCompletableFuture();
    unblock(1);

    assertThat(Patience.failure(dependent)).isInstanceOf(LinkageError.class);
    assertThat(end(generation).isComplete()).isTrue();
    assertOthersAreServed();
  }

  @Test void throwingCallbackExecutorLosesNoCallback() {
    for (Throwable thrown : List.of(new RejectedExecutionException("full"),
        new OutOfMemoryError("no stack"), new IOException("odd"))) {
      engine.close();
      engine = WeftEngine.builder(new StubbornExecutor(spec(2))).callbackExecutor(task ->
          Sneaky.<Object, RuntimeException>raise(thrown)).build().start();
      assertOthersAreServed();
    }
  }

  @Test void boundedCallbackExecutorOfTheHostIsEnough() {
    ExecutorService one = Executors.newSingleThreadExecutor();
    engine.close();
    engine = WeftEngine.builder(new StubbornExecutor(spec(2))).callbackExecutor(one).build()
        .start();
    AtomicReference<Thread> caller = new AtomicReference<>();
    Generation generation = submit(1);
    generation.listen((sample, index, token) -> caller.set(Thread.currentThread()));
    end(generation);
    assertOthersAreServed();
    assertThat(Patience.join(CompletableFuture.supplyAsync(Thread::currentThread, one)))
        .isSameAs(caller.get());
    one.shutdown();
  }

  // ---- those that give up

  @Test void iteratorClosedEarlyCancels() {
    Generation generation = submitBlocked(1);
    generation.tokens().close();

    assertThat(end(generation).reason(0)).isEqualTo(FinishReason.ABORT);
    assertThatThrownBy(() -> generation.tokens().hasNext())
        .isInstanceOfSatisfying(IncompleteGenerationException.class, e -> {
          assertThat(e.requestId()).isEqualTo(1);
          assertThat(e.sampleIndex()).isZero();
          assertThat(e.reason()).isEqualTo(FinishReason.ABORT);
          assertThat(e)
              .hasMessageStartingWith("request 1 sample 0: ended by ABORT after 0 tokens");
        });
  }

  @Test void iteratorClosedAtTheEndCancelsNothing() {
    Generation generation = submit(1);
    assertThat(read(generation)).hasSize(NUM_TOKENS);
    assertThat(end(generation).reason(0)).isEqualTo(FinishReason.LENGTH);
  }

  @Test void cancelledSubscriptionCancels() {
    Generation generation = submitBlocked(1);
    Recorder recorder = new Recorder(1);
    generation.publisher().subscribe(recorder);
    recorder.subscription.join().cancel();

    assertThat(end(generation).reason(0)).isEqualTo(FinishReason.ABORT);
    assertThat(recorder.isEnded).isNotDone();
  }

  @Test void subscriberOfACutOffAnswerIsToldSo() {
    Generation generation = submitBlocked(1);
    Recorder recorder = new Recorder(1);
    generation.publisher().subscribe(recorder);
    engine.close();

    assertThat(Patience.failure(recorder.isEnded))
        .isInstanceOf(IncompleteGenerationException.class)
        .hasMessage("request 1 sample 0: ended by SHUTDOWN after 0 tokens: the engine is closed");
  }

  @Test void interruptedReaderStopsWaitingAndTheRequestGoesOn() {
    Generation generation = submitBlocked(1);
    for (boolean iterates : new boolean[] {true, false}) {
      CompletableFuture<Throwable> thrown = new CompletableFuture<>();
      Thread reader = new Thread(() -> thrown.complete(waitForIt(generation, iterates)));
      reader.start();
      Patience.until(() -> reader.getState() == Thread.State.WAITING);

      reader.interrupt();

      assertThat(Patience.join(thrown)).isInstanceOf(
          iterates ? IllegalStateException.class : InterruptedException.class);
      Patience.join(reader);
    }
    unblock(1);
    assertThat(end(generation).isComplete()).isTrue();
  }

  private static Throwable waitForIt(Generation generation, boolean iterates) {
    try {
      if (iterates) {
        assertThat(generation.tokens().hasNext()).isFalse();
      } else {
        generation.await();
      }
      return new AssertionError("not interrupted");
    } catch (IllegalStateException e) {
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
      return e;
    } catch (InterruptedException e) {
      return e;
    }
  }

  /** Listens and subscribes, and keeps what it gets. */
  private static class Recorder implements TokenListener, Flow.Subscriber<OutputToken> {
    private final int numPerDemand;
    private final List<Integer> heard = new ArrayList<>();
    final List<OutputToken> streamed = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> hasHeard = new CompletableFuture<>();
    final CompletableFuture<Void> isEnded = new CompletableFuture<>();
    final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();

    Recorder(int numPerDemand) {
      this.numPerDemand = numPerDemand;
    }

    private int[] heardAll() {
      Patience.join(hasHeard);
      return heard.stream().mapToInt(Integer::intValue).toArray();
    }

    private int[] streamedAll() {
      Patience.join(isEnded);
      return streamed.stream().mapToInt(OutputToken::token).toArray();
    }

    @Override public void onToken(int sampleIndex, int outputIndex, int token) {
      heard.add(token);
    }

    @Override public void onEnd(GenerationResult result) {
      hasHeard.complete(null);
    }

    @Override public void onSubscribe(Flow.Subscription value) {
      subscription.complete(value);
      if (numPerDemand > 0) {
        value.request(numPerDemand);
      }
    }

    @Override public void onNext(OutputToken token) {
      streamed.add(token);
      if (numPerDemand > 0 && streamed.size() % numPerDemand == 0) {
        subscription.join().request(numPerDemand);
      }
    }

    @Override public void onError(Throwable failure) {
      isEnded.completeExceptionally(failure);
    }

    @Override public void onComplete() {
      isEnded.complete(null);
    }
  }
}
