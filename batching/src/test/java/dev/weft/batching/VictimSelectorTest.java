package dev.weft.batching;

import static dev.weft.batching.TestSequence.running;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.VictimSelector;
import dev.weft.schedulerapi.WaitingOrder;
import org.junit.jupiter.api.Test;

final class VictimSelectorTest {
  private static final VictimSelector NEWEST_FIRST = new NewestFirst();
  private static final VictimSelector LOWEST_PRIORITY_FIRST = new LowestPriorityFirst();
  private static final VictimSelector LEAST_LOST_WORK = new LeastLostWork();

  @Test void newestArrivalLosesWhateverItsPlaceInTheList() {
    SequenceView oldest = running(0, 9, 5);
    SequenceView newest = running(2, 0, 50);
    SequenceView middle = running(1, 0, 1);

    assertThat(NEWEST_FIRST.select(TestFacts.running(newest, oldest, middle), middle))
        .isSameAs(newest);
    assertThat(NEWEST_FIRST.select(TestFacts.running(oldest, middle), middle)).isSameAs(middle);
    assertThat(NEWEST_FIRST.select(TestFacts.running(oldest), oldest)).isSameAs(oldest);
  }

  @Test void leastUrgentLosesAndTheNewestAmongEquals() {
    SequenceView urgent = running(3, 0, 1);
    SequenceView older = running(0, 7, 9);
    SequenceView newer = running(1, 7, 9);

    assertThat(LOWEST_PRIORITY_FIRST.select(TestFacts.running(urgent, older, newer), urgent))
        .isSameAs(newer);
    assertThat(LOWEST_PRIORITY_FIRST.select(TestFacts.running(urgent, older), older))
        .isSameAs(older);
  }

  @Test void fewestComputedTokensAreLostAmongTheLeastUrgent() {
    SequenceView urgentAndCheap = running(0, 1, 2);
    SequenceView cheap = running(1, 4, 10);
    SequenceView dear = running(2, 4, 90);

    assertThat(LEAST_LOST_WORK.select(TestFacts.running(urgentAndCheap, cheap, dear), dear))
        .isSameAs(cheap);
    assertThat(LEAST_LOST_WORK.select(TestFacts.running(urgentAndCheap, dear), dear))
        .isSameAs(dear);
  }

  @Test void equalWorkIsLostByTheNewer() {
    SequenceView older = running(0, 4, 10);
    SequenceView newer = running(1, 4, 10);

    assertThat(LEAST_LOST_WORK.select(TestFacts.running(older, newer), older)).isSameAs(newer);
    assertThat(LEAST_LOST_WORK.select(TestFacts.running(newer, older), older)).isSameAs(newer);
  }

  @Test void nobodyMoreUrgentThanTheNeedyLoses() {
    SequenceView urgent = running(0, 1, 2);
    SequenceView needy = running(1, 4, 90);

    assertThat(LEAST_LOST_WORK.select(TestFacts.running(urgent, needy), needy)).isSameAs(needy);
  }

  @Test void waitingOneTakesBlocksFromThoseBehindItAlone() {
    SequenceView needy = new TestSequence(1, 1, 0, 4);
    SequenceView older = running(0, 4, 90);
    SequenceView newer = running(2, 4, 90);

    assertThat(NEWEST_FIRST.select(TestFacts.running(older, newer), needy)).isSameAs(newer);
    assertThat(NEWEST_FIRST.select(TestFacts.running(older), needy)).isNull();
  }

  @Test void blocksAreLostInTheReverseOfTheWaitingOrder() {
    for (int a = 0; a < 9; a++) {
      for (int b = 0; b < 9; b++) {
        SequenceView one = running(a, a % 3, 1);
        SequenceView other = running(b, b % 3, 1);
        assertThat(new NewestFirst().losesBefore(one, other))
            .isEqualTo(WaitingOrder.ARRIVAL.precedes(other, one));
        assertThat(new LowestPriorityFirst().losesBefore(one, other))
            .isEqualTo(WaitingOrder.PRIORITY.precedes(other, one));
      }
    }
  }

  @Test void whoLostItsBlocksInThisStepIsNoVictimAgain() {
    SequenceView gone = new TestSequence(2, 2, 0, 9, SequenceStatus.WAITING, 0);
    SequenceView needy = running(0, 0, 4);

    assertThat(LEAST_LOST_WORK.select(TestFacts.running(needy, gone), needy)).isSameAs(needy);
  }
}
