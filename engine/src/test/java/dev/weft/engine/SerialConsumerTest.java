package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** Consumers run once for all signals before, and once more for those that come meanwhile. */
final class SerialConsumerTest {
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private final Callbacks callbacks = Callbacks.on(waiting::add, Thread::new);
  private Runnable meanwhile = () -> {};
  private int numRuns;
  private final SerialConsumer consumer = new SerialConsumer() {
    @Override void work() {
      numRuns++;
      meanwhile.run();
    }
  };

  @Test void signalsBeforeItRunsAreSeenTogether() {
    consumer.signal(callbacks);
    consumer.signal(callbacks);
    assertThat(waiting).hasSize(1);

    waiting.remove().run();

    assertThat(numRuns).isEqualTo(1);
    consumer.signal(callbacks);
    assertThat(waiting).hasSize(1);
  }

  @Test void signalWhileItRunsMakesItRunOnceMore() {
    meanwhile = () -> {
      meanwhile = () -> {};
      consumer.signal(callbacks);
      consumer.signal(callbacks);
    };
    consumer.signal(callbacks);

    waiting.remove().run();

    assertThat(numRuns).isEqualTo(2);
    assertThat(waiting).as("never twice at once").isEmpty();
  }
}
