package dev.weft.engine;

import dev.weft.engine.StormCounts.Witness;
import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.SplitMix;
import java.util.Arrays;
import java.util.concurrent.Flow;

/** One thread of a storm: makes operations that its seed chooses. */
final class StormThread implements Runnable {
  private final Storm storm;
  private final StormCounts counts;
  private final SplitMix random;
  private final int numOps;

  StormThread(Storm storm, SplitMix random, int numOps) {
    this.storm = storm;
    counts = storm.counts();
    this.random = random;
    this.numOps = numOps;
  }

  @Override public void run() {
    for (int i = 0; i < numOps; i++) {
      int index = random.below(Storm.NUM_ENGINES);
      Storm.Served served = storm.engine(index);
      int dice = random.below(10_000);
      if (dice < 6_000) {
        submit(index, served);
      } else if (dice < 9_900) {
        wish();
      } else if (dice < 9_995) {
        call(served.engine);
      } else {
        storm.replace(index, served, random);
      }
      storm.countOp();
    }
  }

  // ---- submit

  private void submit(int index, Storm.Served served) {
    WeftEngine engine = served.engine;
    int kind = random.below(Storm.NUM_KINDS);
    // Now and then an id that may be in use, or has just become free.
    long id = random.oneIn(8) ? random.below(32) : 1_000 + engine.nextRequestId();
    Request request = request(engine, kind, id);
    Submission submission = engine.submit(request);
    if (!submission.isAccepted()) {
      counts.refused(submission);
      if (submission.status() == Submission.Status.CLOSED
          && engine.health().state() == Health.State.FAILED) {
        storm.replace(index, served, random);
      }
      return;
    }
    Generation generation = submission.generation();
    Witness witness = counts.witness(generation);
    generation.completion().whenComplete(witness::onCompletion);
    generation.listen(witness);
    storm.share(random.below(Integer.MAX_VALUE), generation);
    consume(generation, kind);
  }

  private Request request(WeftEngine engine, int kind, long id) {
    Request.Builder request = Storm.ofKind(kind, id).tenant("t" + random.below(5))
        .priority(random.below(3));
    if (random.oneIn(10)) {
      request.deadlineNanos(engine.nowNanos() + random.below(300_000));
    }
    if (random.oneIn(200)) {
      // With a deadline: where a cap is low it keeps out those for whom all threads may wait.
      request.blockedBy(BlockReason.HOST).deadlineNanos(engine.nowNanos() + 5_000_000);
    } else if (random.oneIn(10)) {
      request.sampling(SamplingParameters.builder().maxNewTokens(Storm.MAX_NEW_TOKENS)
          .numSamples(random.between(2, 4)).build());
    }
    return request.build();
  }

  // ---- consume

  private void consume(Generation generation, int kind) {
    boolean mayWait = generation.request().blockReason() == null;
    switch (random.below(8)) {
      case 0 -> {
        if (mayWait) {
          read(generation, kind);
        }
      }
      case 1 -> {
        if (mayWait) {
          await(generation, kind);
        }
      }
      case 2 -> generation.publisher().subscribe(new Subscriber(random.split()));
      case 3 -> {
        SplitMix mood = random.split();
        generation.listen((sampleIndex, outputIndex, token) -> {
          if (mood.oneIn(8)) {
            throw new Moody();
          }
        });
      }
      default -> { } // The witness is consumer enough.
    }
  }

  private void read(Generation generation, int kind) {
    int numToRead = random.oneIn(3) ? random.below(4) : Integer.MAX_VALUE;
    try (TokenIterator tokens = generation.tokens()) {
      for (int i = 0; i < numToRead && tokens.hasNext(); i++) {
        int token = tokens.nextInt();
        if (token != storm.expected(kind)[i]) {
          counts.wrong("token " + i + " of " + generation + " is " + token);
        }
      }
    } catch (IncompleteGenerationException e) {
      if (generation.reason(0) == null || generation.reason(0).isComplete()) {
        counts.wrong("cut off, and complete: " + generation);
      }
    }
  }

  private void await(Generation generation, int kind) {
    try {
      GenerationResult result = generation.await();
      for (int i = 0; i < result.numSamples(); i++) {
        int[] tokens = result.tokens(i);
        int[] beginning = Arrays.copyOf(storm.expected(kind), tokens.length);
        boolean isWhole = tokens.length == Storm.MAX_NEW_TOKENS;
        if (!Arrays.equals(tokens, beginning)
            || (result.reason(i) == FinishReason.LENGTH && !isWhole)) {
          counts.wrong(result + " said " + Arrays.toString(tokens));
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  // ---- cancel, stop, call

  private void wish() {
    Generation generation = storm.shared(random.below(Integer.MAX_VALUE));
    if (generation == null) {
      return;
    }
    if (random.oneIn(4)) {
      int sampleIndex = random.below(generation.numSamples());
      int numTokens = generation.numTokens(sampleIndex);
      if (generation.reason(sampleIndex) == null) {
        stop(generation, sampleIndex, random.below(numTokens + 1));
      }
    } else {
      generation.cancel();
    }
  }

  private void stop(Generation generation, int sampleIndex, int numTokens) {
    try {
      generation.stop(sampleIndex, numTokens);
    } catch (IllegalArgumentException e) {
      if (generation.reason(sampleIndex) == null) { // Else another stop has left fewer.
        counts.wrong("cannot be stopped: " + e);
      }
    }
  }

  private void call(WeftEngine engine) {
    int number = random.below(32);
    LiveCaps caps = random.oneIn(4) ? new LiveCaps(random.between(1, 6), 24, random.between(1, 4))
        : LiveCaps.of(engine.limits());
    engine.control(scheduler -> {
      switch (number % 3) {
        case 0 -> scheduler.unblock(number);
        case 1 -> scheduler.setCaps(caps);
        default -> scheduler.resetPrefixCache(true, engine.nowNanos());
      }
      return number;
    });
  }

  /** Thrown by listeners and subscribers; without a stack, because there are many. */
  private static final class Moody extends RuntimeException {
    private static final long serialVersionUID = 1;

    private Moody() {
      super("moody", null, false, false);
    }
  }

  /** Asks for as much as it likes, cancels or throws when it likes. */
  private final class Subscriber implements Flow.Subscriber<OutputToken> {
    private final SplitMix mood;
    private Flow.Subscription subscription;
    private int numEnds;

    private Subscriber(SplitMix mood) {
      this.mood = mood;
    }

    @Override public void onSubscribe(Flow.Subscription value) {
      subscription = value;
      value.request(mood.oneOf(1, 2, 100));
    }

    @Override public void onNext(OutputToken token) {
      if (numEnds > 0) {
        counts.wrong("a token after the end");
      }
      switch (mood.below(16)) {
        case 0 -> subscription.cancel();
        case 1 -> throw new Moody();
        case 2 -> subscription.request(0);
        default -> subscription.request(1);
      }
    }

    @Override public void onError(Throwable failure) {
      end();
    }

    @Override public void onComplete() {
      end();
    }

    private void end() {
      if (++numEnds > 1) {
        counts.wrong("a second end");
      }
    }
  }
}
