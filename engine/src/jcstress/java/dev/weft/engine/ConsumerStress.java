package dev.weft.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.weft.schedulerapi.FinishReason;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CompletionStage;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Consumers that several threads signal. */
public final class ConsumerStress {
  private ConsumerStress() {}

  /** Both signals are seen to, and never by two threads at once. */
  @JCStressTest
  @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "saw both, one at a time")
  @Outcome(expect = FORBIDDEN, desc = "a signal was lost, or two worked at once")
  @State
  public static class Signals {
    private int first;
    private int second;
    private int firstSeen;
    private int secondSeen;
    private int numOverlaps;
    private boolean isWorking;
    private final SerialConsumer consumer = new SerialConsumer() {
      @Override void work() {
        numOverlaps += isWorking ? 1 : 0;
        isWorking = true;
        firstSeen = first;
        secondSeen = second;
        isWorking = false;
      }
    };

    @Actor public void one() {
      first = 1;
      consumer.signal(Parts.ON_THE_CALLER);
    }

    @Actor public void other() {
      second = 1;
      consumer.signal(Parts.ON_THE_CALLER);
    }

    @Arbiter public void after(III_Result r) {
      r.r1 = firstSeen;
      r.r2 = secondSeen;
      r.r3 = numOverlaps;
    }
  }

  /** Whoever registers while a generation ends hears of the end. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "completed")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "never told")
  @State
  public static class Registration {
    private final Generation generation = new Generation(Parts.request(1), Parts.intake(), 64, 0);
    private CompletionStage<GenerationResult> completion;

    @Actor public void loop() {
      generation.sample(0).end(FinishReason.ABORT, 0);
      generation.publish(new GenerationResult(generation));
      VarHandle.fullFence();
      generation.wakeConsumers();
    }

    @Actor public void consumer() {
      completion = generation.completion();
    }

    @Arbiter public void after(I_Result r) {
      r.r1 = completion.toCompletableFuture().isDone() ? 1 : 0;
    }
  }
}
