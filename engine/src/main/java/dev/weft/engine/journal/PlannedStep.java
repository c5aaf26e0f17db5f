package dev.weft.engine.journal;

/** A plan as it was recorded; used again for every plan. */
final class PlannedStep {
  /** 0 for an empty plan. */
  long stepId;
  final Load load = new Load();
  final PlanSums sums = new PlanSums();
  int numRows;
  final int[] place;
  final int[] start;
  final int[] numTokens;
  final int[] numDrafts;
  /** Flags of {@link RowCodec}. */
  final int[] flags;

  PlannedStep(int maxNumRows) {
    place = new int[maxNumRows];
    start = new int[maxNumRows];
    numTokens = new int[maxNumRows];
    numDrafts = new int[maxNumRows];
    flags = new int[maxNumRows];
  }

  boolean isEmpty() {
    return stepId == 0;
  }

  boolean has(int row, int flag) {
    return (flags[row] & flag) != 0;
  }
}
