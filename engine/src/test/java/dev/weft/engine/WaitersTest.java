package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Threads that wait for something about a generation. */
final class WaitersTest {
  private final Waiters waiters = new Waiters();

  @Test void allAreWokenByAChange() {
    AtomicBoolean isOver = new AtomicBoolean();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread = new Thread(() -> awaitUninterrupted(isOver::get));
      thread.start();
      threads.add(thread);
    }
    threads.forEach(
        thread -> Patience.until(() -> thread.getState() == Thread.State.WAITING));

    waiters.wakeAll(); // Nothing has changed: they wait again.
    threads.forEach(
        thread -> Patience.until(() -> thread.getState() == Thread.State.WAITING));
    isOver.set(true);
    waiters.wakeAll();

    threads.forEach(Patience::join);
  }

  private void awaitUninterrupted(BooleanSupplier condition) {
    try {
      waiters.awaitUntil(condition);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test void interruptIsSeenBeforeWaitingToo() throws InterruptedException {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> waiters.awaitUntil(() -> false))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
    waiters.awaitUntil(() -> true);
  }

  @Test void thoseWhoGiveUpDoNotPileUp() {
    for (int i = 0; i < 1000; i++) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> waiters.awaitUntil(() -> false))
          .isInstanceOf(InterruptedException.class);
    }

    assertThat(waiters.numLinked()).isEqualTo(1);
  }

  @Test void changeBetweenTheLooksIsSeen() {
    Thread waiting = new Thread(() -> {
      for (int i = 0; i < 5_000; i++) {
        awaitOneChange(i % 2 == 0);
      }
    });
    waiting.start();

    Patience.join(waiting);
  }

  /** Of a change that is made before the wait, or after its first look. */
  private void awaitOneChange(boolean isEarly) {
    AtomicBoolean isOver = new AtomicBoolean();
    Thread changer = new Thread(() -> {
      isOver.set(true);
      waiters.wakeAll();
    });
    if (isEarly) {
      changer.start();
    }
    awaitUninterrupted(() -> isOver.get() || startLate(changer));
    Patience.join(changer);
  }

  private static boolean startLate(Thread changer) {
    if (changer.getState() == Thread.State.NEW) {
      changer.start();
    }
    return false;
  }
}
