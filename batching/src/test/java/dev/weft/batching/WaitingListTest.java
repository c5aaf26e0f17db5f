package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;
import org.junit.jupiter.api.Test;

final class WaitingListTest {
  private static final int NUM_HANDLES = 40;

  @Test void preemptedSequenceReturnsToItsPlace() {
    WaitingList list = new WaitingList(sequences(0, 0, 0, 0), WaitingOrder.ARRIVAL);
    add(list, 0, 2, 3);

    list.add(1);

    assertThat(handles(list)).containsExactly(0, 1, 2, 3);
  }

  @Test void moreUrgentGoesAheadAndEqualsKeepTheirArrival() {
    WaitingList list = new WaitingList(sequences(5, 5, 1, 5, 1), WaitingOrder.PRIORITY);

    add(list, 0, 1, 2, 3, 4);

    assertThat(handles(list)).containsExactly(2, 4, 0, 1, 3);
  }

  @Test void placeIsFoundInLogarithmicallyManyQuestions() {
    int[] numQuestions = new int[1];
    int n = 100_000;
    WaitingList list = new WaitingList(sequences(new int[n]), (entering, waiting) -> {
      numQuestions[0]++;
      return entering.arrivalIndex() < waiting.arrivalIndex();
    });
    for (int handle = 0; handle < n; handle++) {
      if (handle != 70_000) {
        list.add(handle);
      }
    }
    numQuestions[0] = 0;

    list.add(70_000);

    assertThat(list.handleAt(70_000)).isEqualTo(70_000);
    assertThat(numQuestions[0]).isLessThan(80); // Expected: 1.39 log2(n) = 23.
    list.checkIntegrity();
  }

  @Test void listInOrderIsPutInOrderAgainWithFewQuestions() {
    int[] numQuestions = new int[1];
    WaitingList list = new WaitingList(sequences(new int[1000]), (entering, waiting) -> {
      numQuestions[0]++;
      return entering.arrivalIndex() < waiting.arrivalIndex();
    });
    for (int handle = 0; handle < 1000; handle++) {
      list.add(handle);
    }
    numQuestions[0] = 0;

    list.reorder(TestFacts.at(0));

    assertThat(numQuestions[0]).isLessThan(1000);
    assertThat(list.handleAt(999)).isEqualTo(999);
  }

  @Test void reorderTellsTheOrderBeforeItAsks() {
    int[] sign = {1};
    WaitingOrder order = new WaitingOrder() {
      @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
        return sign[0] * entering.arrivalIndex() < sign[0] * waiting.arrivalIndex();
      }

      @Override public boolean reevaluate(StepFacts facts) {
        sign[0] = -sign[0];
        return true;
      }
    };
    WaitingList list = new WaitingList(sequences(0, 0, 0), order);
    add(list, 0, 1, 2);

    list.reorder(TestFacts.at(0));

    assertThat(handles(list)).containsExactly(2, 1, 0);
    list.checkIntegrity();
  }

  @Test void orderThatContradictsItselfLosesNobody() {
    boolean[] answer = {true};
    WaitingList list = new WaitingList(sequences(0, 0, 0, 0, 0, 0, 0),
        (entering, waiting) -> answer[0] = !answer[0]);
    add(list, 0, 1, 2, 3, 4, 5, 6);
    assertThat(handles(list)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6);

    list.reorder(TestFacts.at(0));

    assertThat(handles(list)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6);
    list.checkIntegrity();
  }

  @Test void addingTwiceAndRemovingTheAbsentAreRefused() {
    WaitingList list = new WaitingList(sequences(0, 0), WaitingOrder.ARRIVAL);
    list.add(1);

    assertThatThrownBy(() -> list.add(1)).isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("handle 1");
    assertThatThrownBy(() -> list.remove(0)).isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("handle 0");
    assertThatThrownBy(() -> list.get(1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(handles(list)).containsExactly(1);
  }

  @Property(tries = 500)
  void sameAsASortedArrayList(@ForAll("actions") ActionChain<Pair> chain) {
    chain.withInvariant("integrity", pair -> pair.list.checkIntegrity())
        .withInvariant("same as model", Pair::checkModel)
        .run();
  }

  @Provide Arbitrary<ActionChain<Pair>> actions() {
    Arbitrary<Integer> handles = Arbitraries.integers().between(0, NUM_HANDLES - 1);
    Action.Independent<Pair> toggle = () -> handles.map(
        handle -> Transformer.mutate("toggle " + handle, pair -> pair.toggle(handle)));
    Action.Independent<Pair> ask =
        () -> handles.map(index -> Transformer.mutate("ask " + index, pair -> pair.ask(index)));
    Action.Independent<Pair> reorder = () -> Arbitraries.integers().between(1, 9)
        .map(modulus -> Transformer.mutate("reorder " + modulus, pair -> pair.reorder(modulus)));
    return ActionChain.startWith(Pair::new)
        .withAction(8, toggle)
        .withAction(2, ask)
        .withAction(1, reorder)
        .withMaxTransformations(150);
  }

  private static SequenceView[] sequences(int... priorities) {
    SequenceView[] sequences = new SequenceView[priorities.length];
    Arrays.setAll(sequences, handle -> new TestSequence(handle, handle, 0, priorities[handle]));
    return sequences;
  }

  private static void add(WaitingList list, int... handles) {
    for (int handle : handles) {
      list.add(handle);
    }
  }

  private static List<Integer> handles(WaitingList list) {
    List<Integer> handles = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      handles.add(list.handleAt(i));
    }
    return handles;
  }

  /** The list and a model: a list that is searched from the start and sorted by the library. */
  private static final class Pair implements WaitingOrder {
    private final SequenceView[] sequences = sequences(new int[NUM_HANDLES]);
    private final WaitingList list = new WaitingList(sequences, this);
    private final List<Integer> model = new ArrayList<>();
    private int modulus = 4;

    private int rank(int handle) {
      return handle % modulus;
    }

    @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
      return rank(entering.handle()) < rank(waiting.handle());
    }

    private void toggle(int handle) {
      assertThat(list.contains(handle)).isEqualTo(model.contains(handle));
      if (model.remove((Integer) handle)) {
        list.remove(handle);
        return;
      }
      list.add(handle);
      int index = 0;
      while (index < model.size() && rank(model.get(index)) <= rank(handle)) {
        index++;
      }
      model.add(index, handle);
    }

    private void ask(int index) {
      if (index < model.size()) {
        assertThat(list.get(index)).isSameAs(sequences[model.get(index)]);
      }
    }

    private void reorder(int newModulus) {
      modulus = newModulus;
      list.reorder(TestFacts.at(0));
      model.sort(Comparator.comparingInt(this::rank)); // Stable, as List.sort promises.
    }

    private void checkModel() {
      assertThat(handles(list)).isEqualTo(model);
    }
  }
}
