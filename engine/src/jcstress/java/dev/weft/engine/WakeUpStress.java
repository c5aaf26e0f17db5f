package dev.weft.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Mode;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.Signal;
import org.openjdk.jcstress.annotations.State;

/** No wake-up is lost, though what is waited for is published by a release store only. */
public final class WakeUpStress {
  private static final VarHandle VALUE;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(News.class, "value", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private WakeUpStress() {}

  /** Stands for the count of a sample, or the head of a queue. */
  private static final class News {
    @SuppressWarnings("unused")
    private int value;

    private void publish() {
      VALUE.setRelease(this, 1);
    }

    private boolean isThere() {
      return (int) VALUE.getAcquire(this) == 1;
    }
  }

  /** A consumer that waits for a generation. */
  @JCStressTest(Mode.Termination)
  @Outcome(id = "TERMINATED", expect = ACCEPTABLE, desc = "woken")
  @Outcome(id = "STALE", expect = FORBIDDEN, desc = "hangs")
  @State
  public static class Consumer {
    private final News news = new News();
    private final Waiters waiters = new Waiters();

    @Actor public void consumer() throws InterruptedException {
      waiters.awaitUntil(news::isThere);
    }

    @Signal public void loop() {
      news.publish();
      VarHandle.fullFence();
      waiters.wakeAll();
    }
  }

  /** A loop without work, or the courier. */
  @JCStressTest(Mode.Termination)
  @Outcome(id = "TERMINATED", expect = ACCEPTABLE, desc = "woken")
  @Outcome(id = "STALE", expect = FORBIDDEN, desc = "hangs")
  @State
  public static class Loop {
    private final News news = new News();
    private final Sleeper sleeper = new Sleeper();

    @Actor public void loop() {
      while (!news.isThere()) {
        sleeper.sleep(Long.MAX_VALUE, news::isThere);
      }
    }

    @Signal public void submitter() {
      news.publish();
      sleeper.wake();
    }
  }
}
