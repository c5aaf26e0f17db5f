package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.Request;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;
import org.junit.jupiter.api.Test;

final class DeadlineHeapTest {
  private static final int NUM_HANDLES = 30;

  @Test void earliestDeadlineComesFirst() {
    DeadlineHeap heap = new DeadlineHeap(3);
    heap.add(0, 30);
    heap.add(1, 10);
    heap.add(2, 20);

    heap.remove(1);

    assertThat(heap.peek()).isEqualTo(2);
    assertThat(heap.peekNanos()).isEqualTo(20);
  }

  @Test void whatNeverExpiresIsLeftOut() {
    DeadlineHeap heap = new DeadlineHeap(1);

    heap.add(0, Request.NO_DEADLINE);

    assertThat(heap.isEmpty()).isTrue();
    assertThat(heap.peekNanos()).isEqualTo(Request.NO_DEADLINE);
  }

  @Test void removingTheAbsentChangesNothing() {
    DeadlineHeap heap = new DeadlineHeap(2);
    heap.add(0, 5);

    heap.remove(1);

    assertThat(heap.peek()).isZero();
  }

  @Test void addingTwiceAndPeekingIntoNothingAreRefused() {
    DeadlineHeap heap = new DeadlineHeap(2);
    assertThatThrownBy(heap::peek).isInstanceOf(IllegalStateException.class);
    heap.add(0, 5);

    assertThatThrownBy(() -> heap.add(0, 7)).isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("handle 0").hasMessageContaining("5").hasMessageContaining("7");
  }

  @Property(tries = 500)
  void sameAsASearchedMap(@ForAll("actions") ActionChain<Pair> chain) {
    chain.withInvariant("integrity", pair -> pair.heap.checkIntegrity())
        .withInvariant("same as model", Pair::checkModel)
        .run();
  }

  @Provide Arbitrary<ActionChain<Pair>> actions() {
    Arbitrary<Integer> handles = Arbitraries.integers().between(0, NUM_HANDLES - 1);
    Arbitrary<Long> deadlines = Arbitraries.longs().between(-3, 12);
    Action.Independent<Pair> add = () -> handles.flatMap(handle -> deadlines.map(
        nanos -> Transformer.mutate(
            "add " + handle + " at " + nanos, pair -> pair.add(handle, nanos))));
    Action.Independent<Pair> remove = () -> handles.map(
        handle -> Transformer.mutate("remove " + handle, pair -> pair.remove(handle)));
    return ActionChain.startWith(Pair::new)
        .withAction(3, add)
        .withAction(1, remove)
        .withMaxTransformations(120);
  }

  /** The heap and a model: a map that is searched for its least entry. */
  private static final class Pair {
    private final DeadlineHeap heap = new DeadlineHeap(NUM_HANDLES);
    private final Map<Integer, Long> model = new TreeMap<>();

    private void add(int handle, long deadlineNanos) {
      if (!model.containsKey(handle)) {
        heap.add(handle, deadlineNanos);
        model.put(handle, deadlineNanos);
      }
    }

    private void remove(int handle) {
      heap.remove(handle);
      model.remove(handle);
    }

    private void checkModel() {
      assertThat(heap.isEmpty()).isEqualTo(model.isEmpty());
      if (!model.isEmpty()) {
        var earliest = model.entrySet().stream()
            .min(Comparator.comparingLong(Map.Entry<Integer, Long>::getValue)
                .thenComparingInt(Map.Entry::getKey))
            .orElseThrow();
        assertThat(heap.peek()).isEqualTo(earliest.getKey());
        assertThat(heap.peekNanos()).isEqualTo(earliest.getValue());
      }
    }
  }
}
