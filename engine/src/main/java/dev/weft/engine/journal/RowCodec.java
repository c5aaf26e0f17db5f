package dev.weft.engine.journal;

import dev.weft.schedulerapi.StepPlan;

/**
 * The rows of a plan, told as what changed since the plan before. A row of one sampled token that
 * goes on where its sequence stopped is regular; a run of regular rows, in the order of the plan
 * before, takes one or two bytes however long it is.
 *
 * <pre>
 *   before   7 3 9 4 1          a number n and two bits say what follows:
 *   now      7 3   4 1 5        keep 2, skip 1, keep 2, row 5 with all its fields
 * </pre>
 */
final class RowCodec {
  static final int KEEP = 0;
  static final int SKIP = 1;
  static final int ROW = 2;
  static final int IS_SAMPLED = 1;
  static final int IS_ON_DEVICE = 2;
  static final int HAS_PLACEHOLDERS = 4;
  static final int HAS_MASK = 8;
  static final int HAS_DRAFTS = 16;
  static final int IS_INTRODUCED = 32;
  static final int ALL_FLAGS = 63;
  /** Most bytes of one row, without its introduction, and what comes before all rows. */
  static final int MAX_ROW_SIZE = 32;

  private static final int NUM_LOOKED_AHEAD = 8;
  private final SequenceBook book;
  private final Introductions introductions;
  private int numKept;

  RowCodec(SequenceBook book, Introductions introductions) {
    this.book = book;
    this.introductions = introductions;
  }

  /** Writes the rows and notes them in the book. */
  void write(StepPlan plan, int[] placeOfSlot, long nowNanos, RecordWriter out) {
    int numRows = plan.numRows();
    int[] before = book.lastRows;
    int numBefore = book.numLastRows;
    int at = 0;
    numKept = 0;
    out.number(numRows);
    for (int row = 0; row < numRows; row++) {
      int place = placeOfSlot[plan.slot(row)];
      boolean isOnDevice = plan.isFirstTokenOnDevice(row);
      if (isRegular(plan, row, place, isOnDevice)) {
        int numSkipped = skipTo(place, before, at, numBefore);
        if (numSkipped > 0) {
          flush(out);
          out.number((long) numSkipped << 2 | SKIP);
        }
        if (numSkipped >= 0) {
          at += numSkipped + 1;
          numKept++;
          book.addRow(row, place, book.lastEnd[place] + 1, isOnDevice);
          continue;
        }
      }
      flush(out);
      writeRow(plan, row, place, nowNanos, out);
      if (at < numBefore && before[at] == place) {
        at++;
      }
    }
    flush(out);
    book.endRows(numRows);
  }

  private boolean isRegular(StepPlan plan, int row, int place, boolean isOnDevice) {
    return plan.startPosition(row) == book.lastEnd[place] && plan.numTokens(row) == 1
        && plan.numDraftTokens(row) == 0 && plan.isSampled(row) && !plan.hasMask(row)
        && isOnDevice == book.wasOnDevice[place];
  }

  /** How many rows of the plan before come ahead of the place; -1 when it is not near. */
  private static int skipTo(int place, int[] before, int at, int numBefore) {
    int end = Math.min(numBefore, at + NUM_LOOKED_AHEAD);
    for (int i = at; i < end; i++) {
      if (before[i] == place) {
        return i - at;
      }
    }
    return -1;
  }

  private void flush(RecordWriter out) {
    if (numKept > 0) {
      out.number((long) numKept << 2 | KEEP);
      numKept = 0;
    }
  }

  private void writeRow(StepPlan plan, int row, int place, long nowNanos, RecordWriter out) {
    int numDrafts = plan.numDraftTokens(row);
    boolean isOnDevice = plan.isFirstTokenOnDevice(row);
    boolean isIntroduced = introductions.isMissing(place);
    int start = plan.startPosition(row);
    int end = start + plan.numTokens(row);
    out.number((long) place << 2 | ROW);
    out.octet((plan.isSampled(row) ? IS_SAMPLED : 0) | (isOnDevice ? IS_ON_DEVICE : 0)
        | (plan.hasPlaceholders(row) ? HAS_PLACEHOLDERS : 0) | (plan.hasMask(row) ? HAS_MASK : 0)
        | (numDrafts > 0 ? HAS_DRAFTS : 0) | (isIntroduced ? IS_INTRODUCED : 0));
    if (isIntroduced) {
      introductions.write(place, nowNanos, out);
      out.number(start);
    } else {
      out.signed(start - book.lastEnd[place]);
    }
    out.number(plan.numTokens(row));
    if (numDrafts > 0) {
      out.number(numDrafts);
    }
    book.addRow(row, place, end, isOnDevice);
  }
}
