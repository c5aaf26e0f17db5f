package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.speculative.DraftLengthByBatchSize.Range;
import dev.weft.speculative.OffUnderLoad.Band;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The load goes up and down slowly, with a sequence more or less in every step as requests come and
 * go: no policy may change to and fro at a threshold, or stay off when the load is gone.
 */
final class LoadSweepTest {
  private static final int STEPS_OF_A_LOAD = 40;
  private static final int MOST = 120;

  /** Counts changes between drafting and not; the sizes of step i are load and load + i mod 3. */
  private static int changes(Load load) {
    int numChanges = 0;
    boolean wasDrafting = load.of(1).steps(100).isDrafting();
    assertThat(wasDrafting).as("drafts for one sequence").isTrue();
    for (int i = 1; i < 2 * MOST; i++) {
      int numSequences = i <= MOST ? i : 2 * MOST - i;
      for (int step = 0; step < STEPS_OF_A_LOAD; step++) {
        boolean isDrafting = load.of(numSequences + step % 3).steps(1).isDrafting();
        numChanges += isDrafting == wasDrafting ? 0 : 1;
        wasDrafting = isDrafting;
      }
    }
    assertThat(load.of(1).steps(200).isDrafting()).as("drafts when the load is gone").isTrue();
    return numChanges;
  }

  private static DraftLengthPolicy table(int hysteresis) {
    return new DraftLengthByBatchSize(List.of(new Range(1, 16, 5), new Range(17, 63, 2),
        new Range(64, 64, 0)), hysteresis);
  }

  @Test void aTableWithHysteresisChangesOnceEachWay() {
    assertThat(changes(new Load(table(2)))).isEqualTo(2);
  }

  /** What the hysteresis is for: the same load, and a change in two of three steps. */
  @Test void aTableWithoutItGoesToAndFro() {
    assertThat(changes(new Load(table(0)))).isGreaterThan(50);
  }

  @Test void offUnderLoadChangesOnceEachWay() {
    DraftLengthPolicy policy =
        new OffUnderLoad(new FixedDraftLength(3), new Band(48, 64), Band.ANY);

    assertThat(changes(new Load(policy))).isEqualTo(2);
  }

  @Test void theWaitingSwitchOffAsWell() {
    OffUnderLoad policy = new OffUnderLoad(new FixedDraftLength(3), Band.ANY, new Band(5, 10));
    Load load = new Load(policy).of(4);
    int numChanges = 0;
    boolean wasOff = false;
    for (int i = 0; i <= 600; i++) {
      load.run.setWaiting(Math.max(0, (i <= 300 ? i : 600 - i) / 15 - i % 3));
      boolean isOff = !load.steps(1).isDrafting();
      assertThat(policy.isOff()).isEqualTo(isOff);
      numChanges += isOff == wasOff ? 0 : 1;
      wasOff = isOff;
    }

    assertThat(numChanges).isEqualTo(2);
    assertThat(wasOff).isFalse();
  }

  /** Half of the rows accept, so drafts are worth it below a load where both are as good. */
  @Test void goodputChangesInOneStepOfFiftyAtMost() {
    Load load = new Load(new GoodputDraftLength());
    load.oneRowIn = 2;

    assertThat(changes(load)).isLessThanOrEqualTo(2 * MOST * STEPS_OF_A_LOAD / 50);
  }

  /** At every load, on the way up and down, beside the best fixed length for that load. */
  @Test void goodputCollapsesNowhere() {
    Load load = new Load(new GoodputDraftLength());
    load.oneRowIn = 2;
    for (int i = 1; i < 2 * MOST; i += 7) {
      int numSequences = i <= MOST ? i : 2 * MOST - i;
      double reached = load.of(numSequences).steps(60).tokensPerSecond(320);
      double best = 0;
      for (int length = 0; length <= Load.MAX_LENGTH; length++) {
        Load fixed = new Load(new FixedDraftLength(length));
        fixed.oneRowIn = 2;
        best = Math.max(best, fixed.of(numSequences).tokensPerSecond(320));
      }

      assertThat(reached / best).as("share of the best with %s sequences", numSequences)
          .isGreaterThan(0.93);
    }
  }
}
