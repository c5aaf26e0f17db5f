package dev.weft.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber of a request's tokens. All its methods are called by {@link #work}, hence one at a
 * time; demand and cancellation come from any thread and only leave a note and a signal.
 *
 * <p>Follows Reactive Streams 1.0.4, whose rule numbers the comments give.
 */
final class FlowSubscription extends SerialConsumer implements Subscription {
  private static final Logger LOGGER = System.getLogger(WeftEngine.class.getName());
  private final Generation generation;
  private final SampleCursor cursor;
  private final AtomicLong numDemanded = new AtomicLong();
  private @Nullable Subscriber<? super OutputToken> subscriber;
  private boolean isSubscribed;
  private volatile long wrongDemand = 1;
  private volatile boolean isCancelled;

  FlowSubscription(Generation generation, Subscriber<? super OutputToken> subscriber) {
    this.generation = generation;
    this.subscriber = subscriber;
    cursor = new SampleCursor(generation);
  }

  @Override public void request(long n) {
    if (n <= 0) {
      wrongDemand = n; // Rule 3.9: answered by onError.
    } else {
      // Rule 3.17: more than can be counted is as much as can be counted.
      numDemanded.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b);
      VarHandle.fullFence(); // Either this sees what was published, or the loop the demand.
    }
    generation.signal(this);
  }

  @Override public void cancel() {
    isCancelled = true;
    if (generation.result() == null) {
      generation.cancel();
    }
    generation.signal(this); // So that the subscriber is let go of, rule 3.13.
  }

  @Override boolean isInterested() {
    return numDemanded.get() > 0 || generation.result() != null;
  }

  @Override void work() {
    try {
      tell();
    } catch (Throwable e) { // Rule 2.13: it broke its contract, and is let go of.
      subscriber = null;
      generation.cancel();
      LOGGER.log(Level.WARNING, "request " + generation.request().id()
          + ": its subscriber threw, so it is cancelled", e);
    }
  }

  private void tell() {
    Subscriber<? super OutputToken> target = subscriber;
    if (target != null && !isSubscribed) {
      isSubscribed = true;
      target.onSubscribe(this);
    }
    if (target == null || isCancelled) {
      subscriber = null;
      return;
    }
    if (wrongDemand <= 0) {
      subscriber = null;
      generation.cancel();
      target.onError(new IllegalArgumentException("request " + generation.request().id()
          + ": demanded are " + wrongDemand + " tokens, must be 1 or more (rule 3.9)"));
      return;
    }
    GenerationResult result = generation.result(); // Before the tokens: then they are all.
    while (numDemanded.get() > 0 && !isCancelled && wrongDemand > 0 && cursor.next()) {
      if (numDemanded.get() != Long.MAX_VALUE) {
        numDemanded.decrementAndGet();
      }
      target.onNext(
          new OutputToken(cursor.sampleIndex(), cursor.outputIndex(), cursor.token()));
    }
    if (result != null && !isCancelled && wrongDemand > 0 && !cursor.hasNext()) {
      subscriber = null;
      end(target, generation, result);
    }
  }

  private static void end(Subscriber<? super OutputToken> target, Generation generation,
      GenerationResult result) {
    for (int i = 0; i < result.numSamples(); i++) {
      if (!result.reason(i).isComplete()) {
        target.onError(new IncompleteGenerationException(generation, i));
        return;
      }
    }
    target.onComplete();
  }
}
