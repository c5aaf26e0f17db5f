package dev.weft.batching;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Lets only so many sequences of a kind run at once, say prompts that are half computed, those of
 * an adapter or those that are late, and asks another gate about the rest. Where that one is
 * waived, this one is. Cost O(running) in a step that looks at a candidate, and that of the other
 * gate.
 */
public final class KindLimitGate implements AdmissionGate {
  private final Predicate<SequenceView> kind;
  private final int maxNumRunning;
  private final Verdict beyond;
  private final AdmissionGate others;
  private int numRunning;

  /**
   * @param maxNumRunning sequences of the kind that may run at once, 1 or more
   * @param beyond        the verdict about one more: SKIP, or STOP when all behind are of the kind
   */
  public KindLimitGate(Predicate<SequenceView> kind, int maxNumRunning, Verdict beyond,
      AdmissionGate others) {
    if (maxNumRunning < 1) {
      throw new IllegalArgumentException(
          "maxNumRunning is " + maxNumRunning + ", must be 1 or more");
    }
    this.kind = Objects.requireNonNull(kind, "kind");
    this.maxNumRunning = maxNumRunning;
    this.beyond = Objects.requireNonNull(beyond, "beyond");
    this.others = Objects.requireNonNull(others, "others");
  }

  @Override public void begin(StepFacts step) {
    numRunning = 0;
    SequenceList running = step.running();
    for (int i = 0; i < running.size(); i++) {
      SequenceView sequence = running.get(i);
      numRunning += sequence.status() == SequenceStatus.RUNNING && kind.test(sequence) ? 1 : 0;
    }
    others.begin(step);
  }

  @Override public Verdict judge(StepFacts step, SequenceView candidate, int numTokens) {
    return numRunning >= maxNumRunning && kind.test(candidate)
        ? beyond : others.judge(step, candidate, numTokens);
  }

  @Override public void onAdmit(StepFacts step, SequenceView admitted) {
    numRunning += kind.test(admitted) ? 1 : 0;
    others.onAdmit(step, admitted);
  }

  @Override public boolean isWaivedWhenIdle() {
    return others.isWaivedWhenIdle();
  }
}
