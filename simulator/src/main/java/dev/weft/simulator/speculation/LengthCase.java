package dev.weft.simulator.speculation;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.speculative.AdaptiveDraftLength;
import dev.weft.speculative.DraftLengthByBatchSize;
import dev.weft.speculative.FixedDraftLength;
import dev.weft.speculative.GoodputDraftLength;
import dev.weft.speculative.MeasuredStepTime;
import dev.weft.speculative.SloDraftLength;
import java.util.List;

/**
 * One point of the study: recorded acceptance on a device at a batch size, and what each policy
 * makes of it in tokens a second.
 *
 * @param recorded  acceptance
 * @param target    step time of the model that verifies
 * @param drafter   time of drafting
 * @param batchSize sequences that decode at all times
 */
record LengthCase(
    RecordedAcceptance recorded, LatencyModel target, DrafterTime drafter, int batchSize) {
  static final int MAX_LENGTH = RecordedAcceptance.MAX_NUM_DRAFTS;

  double plain() {
    return fixed(0);
  }

  double fixed(int length) {
    return run(new FixedDraftLength(length));
  }

  /** The length that is best for all sequences at all times, known afterwards alone. */
  int oracleLength() {
    int best = 0;
    for (int length = 1; length <= MAX_LENGTH; length++) {
      if (fixed(length) > fixed(best)) {
        best = length;
      }
    }
    return best;
  }

  /** A table that somebody might have written for an H100. */
  double byBatchSize() {
    return run(new DraftLengthByBatchSize(List.of(
        new DraftLengthByBatchSize.Range(1, 32, 5), new DraftLengthByBatchSize.Range(33, 128, 3),
        new DraftLengthByBatchSize.Range(129, 256, 1)), 4));
  }

  double adaptive() {
    return run(new AdaptiveDraftLength());
  }

  /** Goodput, with a step time that it learns. */
  double goodput() {
    return run(new GoodputDraftLength(new MeasuredStepTime(), drafter.cost(), MAX_LENGTH));
  }

  /** Goodput, with the step time of the device itself. */
  double goodputModelled() {
    return run(new GoodputDraftLength(target, drafter.cost(), MAX_LENGTH));
  }

  /** Nobody has a target here, so it fills the step up to where it grows by a tenth. */
  double slo() {
    return run(new SloDraftLength(new MeasuredStepTime(), 0.1, MAX_LENGTH));
  }

  /** Drafts exactly the run that will be accepted, up to the depth that is best. */
  double clairvoyant() {
    double best = 0;
    for (int depth = 0; depth <= MAX_LENGTH; depth++) {
      best = Math.max(best, run(new Clairvoyant(recorded, depth)));
    }
    return best;
  }

  private double run(DraftLengthPolicy policy) {
    return new LengthReplay(recorded, target, drafter, policy, batchSize).tokensPerSecond();
  }

  /** Reads the future from the recording. */
  private record Clairvoyant(RecordedAcceptance recorded, int maxDepth)
      implements DraftLengthPolicy {
    @Override public void choose(DraftLengths lengths) {
      for (int i = 0; i < lengths.numSequences(); i++) {
        int numOutputTokens =
            lengths.sequence(i).numTokens() - lengths.sequence(i).numPromptTokens();
        int numAccepted = recorded.request((int) lengths.sequence(i).requestId())
            .numAccepted(numOutputTokens);
        lengths.set(i, Math.min(maxDepth, Math.min(numAccepted, lengths.maxNumDraftTokens(i))));
      }
    }
  }
}
