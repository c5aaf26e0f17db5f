package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.AdmissionGate.Verdict;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What policies are put together from. */
final class PolicyToolsTest {
  private static final AdmissionGate OPEN = (step, candidate, numTokens) -> Verdict.ADMIT;

  // ---- numbers by sequence, numbers in order

  @Test void numberOfAHandleIsZeroUntilSetAndTheArrayGrows() {
    SequenceLongs numbers = new SequenceLongs();
    TestSequence far = new TestSequence(1_000, 0, 0, 0);

    assertThat(numbers.get(far)).isZero();
    assertThat(numbers.set(far, 7)).isTrue();
    assertThat(numbers.set(far, 7)).isFalse();
    assertThat(numbers.add(far, 5)).isEqualTo(12);
    assertThat(numbers.get(new TestSequence(999, 0, 0, 0))).isZero();
  }

  @Test void sortedLongsAreLikeASortedList() {
    Random random = new Random(1);
    for (int n = 0; n < 400; n++) {
      SortedLongs sorted = new SortedLongs();
      List<Long> list = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        long value = random.nextInt(2) == 0 ? random.nextInt(9) - 4 : random.nextLong();
        sorted.add(value);
        list.add(value);
      }
      Collections.sort(list);
      if (n > 3) {
        sorted.remove(list.remove(random.nextInt(n)));
        sorted.add(5);
        list.add(5L);
        Collections.sort(list);
      }
      assertThat(sorted.size()).isEqualTo(list.size());
      for (int i = 0; i < list.size(); i++) {
        assertThat(sorted.get(i)).isEqualTo(list.get(i));
      }
      sorted.clear();
      assertThat(sorted.size()).isZero();
    }
  }

  @Test void onlyWhatIsThereIsRemovedOrRead() {
    SortedLongs sorted = new SortedLongs();
    sorted.add(3);

    assertThatThrownBy(() -> sorted.remove(4)).hasMessage("4 is none of the 1 values");
    assertThatThrownBy(() -> sorted.get(1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  // ---- limits on kinds

  @Test void soManyOfAKindRunAndTheOthersAreJudgedByTheOtherGate() {
    KindLimitGate gate = new KindLimitGate(s -> s.priority() == 9, 2, Verdict.SKIP, OPEN);
    TestSequence ofKind = TestSequence.running(0, 9, 0);
    TestSequence other = TestSequence.running(1, 0, 0);
    StepFacts step = TestFacts.running(ofKind, other, new TestSequence(2, 2, 0, 9));

    gate.begin(step); // The third one has lost its blocks.
    assertThat(gate.judge(step, ofKind, 1)).isEqualTo(Verdict.ADMIT);
    gate.onAdmit(step, other);
    assertThat(gate.judge(step, ofKind, 1)).isEqualTo(Verdict.ADMIT);
    gate.onAdmit(step, ofKind);
    assertThat(gate.judge(step, ofKind, 1)).isEqualTo(Verdict.SKIP);
    assertThat(gate.judge(step, other, 1)).isEqualTo(Verdict.ADMIT);
    gate.begin(step);
    assertThat(gate.judge(step, ofKind, 1)).isEqualTo(Verdict.ADMIT);
  }

  @Test void limitPassesOnWhatItIsTold() {
    List<String> heard = new ArrayList<>();
    KindLimitGate gate = new KindLimitGate(s -> false, 1, Verdict.STOP, new AdmissionGate() {
      @Override public Verdict judge(StepFacts step, SequenceView candidate, int numTokens) {
        return Verdict.STOP;
      }

      @Override public void begin(StepFacts step) {
        heard.add("begin");
      }

      @Override public void onAdmit(StepFacts step, SequenceView admitted) {
        heard.add("admit " + admitted.arrivalIndex());
      }

      @Override public boolean isWaivedWhenIdle() {
        return true;
      }
    });
    StepFacts step = TestFacts.running();

    gate.begin(step);
    gate.onAdmit(step, TestSequence.running(4, 0, 0));
    assertThat(heard).containsExactly("begin", "admit 4");
    assertThat(gate.isWaivedWhenIdle()).isTrue();
    assertThatThrownBy(() -> new KindLimitGate(s -> true, 0, Verdict.STOP, OPEN))
        .hasMessageContaining("is 0");
  }

  /** Told once in a step, before the first candidate, and of everybody who is admitted. */
  @Test void gateHearsOfStepsAndAdmissions() {
    List<String> heard = new ArrayList<>();
    TestServer server = TestServer.of(ContinuousBatchingPolicy.builder().gate(new AdmissionGate() {
      @Override public Verdict judge(StepFacts step, SequenceView candidate, int numTokens) {
        heard.add("judge " + candidate.requestId());
        return candidate.requestId() == 2 ? Verdict.SKIP : Verdict.ADMIT;
      }

      @Override public void begin(StepFacts step) {
        heard.add("begin " + step.numRows());
      }

      @Override public void onAdmit(StepFacts step, SequenceView admitted) {
        heard.add("admit " + admitted.requestId() + " " + admitted.isScheduled());
      }
    }).build(), 100);

    server.add(1, 4, 9).add(2, 4, 9).add(3, 4, 9).step();
    assertThat(heard).containsExactly(
        "begin 0", "judge 1", "admit 1 true", "judge 2", "judge 3", "admit 3 true");
    heard.clear();
    server.step();
    assertThat(heard).containsExactly("begin 2", "judge 2");
    server.scheduler().abort(2, 0);
    heard.clear();
    server.step();
    assertThat(heard).isEmpty(); // Nobody waits.
  }
}
