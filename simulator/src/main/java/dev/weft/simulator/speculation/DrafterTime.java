package dev.weft.simulator.speculation;

import dev.weft.speculative.DraftCost;
import dev.weft.testkit.DraftLengthRun;

/** How long drafting takes before a step. */
interface DrafterTime {
  /** A lookup on the host, a microsecond for each sequence that wants drafts. */
  DrafterTime LOOKUP = new DrafterTime() {
    private static final double NANOS = 1000;

    @Override public double nanos(DraftLengthRun step) {
      return NANOS * numWanting(step, 1);
    }

    @Override public DraftCost cost() {
      return new DraftCost(0, NANOS / 4);
    }
  };

  /**
   * A draft model beside the target: a decode of all that want so many drafts, again for each
   * depth.
   */
  static DrafterTime model(LatencyModel model) {
    return new DrafterTime() {
      private static final int MANY = 64;

      @Override public double nanos(DraftLengthRun step) {
        double nanos = 0;
        int depth = 1;
        for (int n = numWanting(step, depth); n > 0; n = numWanting(step, ++depth)) {
          nanos += round(n);
        }
        return nanos;
      }

      /** A line through a round of one sequence and one of many. */
      @Override public DraftCost cost() {
        double perDraft = (round(MANY) - round(1)) / (MANY - 1);
        return new DraftCost(round(1) - perDraft, perDraft);
      }

      private double round(int numSequences) {
        return model.nanos(numSequences, numSequences,
            (double) numSequences * LengthReplay.NUM_CONTEXT_TOKENS);
      }
    };
  }

  /** Nanoseconds that drafting takes for the lengths of this step. */
  double nanos(DraftLengthRun step);

  /** What a policy is told, before anything runs. */
  DraftCost cost();

  /** Sequences that want at least so many drafts. */
  private static int numWanting(DraftLengthRun step, int depth) {
    int numWanting = 0;
    for (int row = 0; row < step.numSequences(); row++) {
      numWanting += step.length(step.handle(row)) >= depth ? 1 : 0;
    }
    return numWanting;
  }
}
