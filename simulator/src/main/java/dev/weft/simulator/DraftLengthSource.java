package dev.weft.simulator;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.testkit.SplitMix;

/**
 * Asks for any number of drafts for a sequence, and for none now and then; asks for what is not
 * possible and throws where the scenario says so; in one of two scenarios leaves the choice to
 * another policy.
 */
final class DraftLengthSource implements DraftLengthPolicy {
  private final Scenario scenario;
  private final SplitMix random;
  private final DraftLengthPolicy other;
  private final boolean usesOther;

  DraftLengthSource(Scenario scenario, SplitMix random, DraftLengthPolicy other) {
    this.scenario = scenario;
    this.random = random;
    this.other = other;
    usesOther = random.oneIn(2);
  }

  @Override public void choose(DraftLengths lengths) {
    throwAtTimes();
    if (usesOther) {
      other.choose(lengths);
    } else {
      for (int i = 0; i < lengths.numSequences(); i++) {
        choose(lengths, i);
      }
    }
    throwAtTimes();
  }

  private void choose(DraftLengths lengths, int index) {
    int most = lengths.maxNumDraftTokens(index);
    if (random.below(4) > 0) {
      lengths.set(index, random.oneIn(2) ? most : random.below(most + 1));
    }
    if (scenario.has(Feature.DRAFTING_FAILURES) && random.oneIn(40)) {
      lengths.set(index, random.oneIn(2) ? -1 : most + 1); // Throws.
    }
  }

  private void throwAtTimes() {
    if (scenario.has(Feature.DRAFTING_FAILURES) && random.oneIn(40)) {
      throw new IllegalStateException("a policy of draft lengths that throws on purpose");
    }
  }

  @Override public void onStep(StepFeedback feedback) {
    other.onStep(feedback);
    throwAtTimes();
  }

  @Override public void onFinish(SequenceView sequence) {
    other.onFinish(sequence);
    throwAtTimes();
  }
}
