package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

final class WaitingOrderTest {
  @Test void arrivalPutsTheEarlierFirstWhateverItsPriority() {
    assertThat(WaitingOrder.ARRIVAL.precedes(sequence(1, 9), sequence(2, 0))).isTrue();
    assertThat(WaitingOrder.ARRIVAL.precedes(sequence(2, 0), sequence(1, 9))).isFalse();
  }

  @Test void priorityPutsTheSmallerNumberFirst() {
    assertThat(WaitingOrder.PRIORITY.precedes(sequence(2, -1), sequence(1, 0))).isTrue();
    assertThat(WaitingOrder.PRIORITY.precedes(sequence(1, 0), sequence(2, -1))).isFalse();
  }

  @Test void equallyUrgentOnesAreInOrderOfArrival() {
    assertThat(WaitingOrder.PRIORITY.precedes(sequence(1, 4), sequence(2, 4))).isTrue();
    assertThat(WaitingOrder.PRIORITY.precedes(sequence(2, 4), sequence(1, 4))).isFalse();
  }

  @Test void nothingPrecedesItself() {
    assertThat(WaitingOrder.ARRIVAL.precedes(sequence(1, 4), sequence(1, 4))).isFalse();
    assertThat(WaitingOrder.PRIORITY.precedes(sequence(1, 4), sequence(1, 4))).isFalse();
  }

  @Test void extremePrioritiesAreNotSubtracted() {
    assertThat(WaitingOrder.PRIORITY
        .precedes(sequence(2, Integer.MIN_VALUE), sequence(1, Integer.MAX_VALUE))).isTrue();
  }

  @Test void ordersOfFixedFactsAreNeverReevaluated() {
    assertThat(WaitingOrder.ARRIVAL.reevaluationNanos()).isEqualTo(WaitingOrder.NEVER);
    assertThat(WaitingOrder.PRIORITY.reevaluationNanos()).isEqualTo(WaitingOrder.NEVER);
  }

  private static SequenceView sequence(long arrivalIndex, int priority) {
    return (SequenceView) Proxy.newProxyInstance(SequenceView.class.getClassLoader(),
        new Class<?>[] {SequenceView.class}, (proxy, method, arguments) ->
            switch (method.getName()) {
              case "arrivalIndex" -> arrivalIndex;
              case "priority" -> priority;
              default -> throw new UnsupportedOperationException(method.getName());
            });
  }
}
