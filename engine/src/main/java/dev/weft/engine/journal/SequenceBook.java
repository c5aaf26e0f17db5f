package dev.weft.engine.journal;

import dev.weft.schedulerapi.SchedulerLimits;
import java.util.Arrays;

/**
 * What recorder and reader both know of the sequences, so that records can name them by small
 * numbers and leave out what goes on as before. A <em>place</em> is such a number; a sequence has
 * one from its acceptance to the end of its request.
 *
 * <p>Both sides do the same to their books in the same order. Cost O(1) a row; nothing is allocated
 * after the start.
 */
final class SequenceBook {
  final int maxNumPlaces;
  final int maxNumRows;
  final long[] requestId;
  final int[] sampleIndex;
  final int[] numPrompt;
  /** Prompt and delivered output. */
  final int[] numTokens;
  final boolean[] hasStopTokens;
  /** Position behind its last row. */
  final int[] lastEnd;
  /** Whether the last row began with a token on the device. */
  final boolean[] wasOnDevice;
  /** Changes when tokens in flight are lost: at the end, and with the device. */
  private final int[] epoch;
  /** Rows of the last plan, which the next one mostly repeats. */
  int[] lastRows;
  int numLastRows;
  private int[] rows;
  private final InFlight[] inFlight;
  private int firstInFlight;
  private int numInFlight;

  SequenceBook(SchedulerLimits limits) {
    maxNumPlaces = limits.maxNumHandles();
    maxNumRows = limits.maxNumSeqs();
    requestId = new long[maxNumPlaces];
    sampleIndex = new int[maxNumPlaces];
    numPrompt = new int[maxNumPlaces];
    numTokens = new int[maxNumPlaces];
    hasStopTokens = new boolean[maxNumPlaces];
    lastEnd = new int[maxNumPlaces];
    wasOnDevice = new boolean[maxNumPlaces];
    epoch = new int[maxNumPlaces];
    lastRows = new int[maxNumRows];
    rows = new int[maxNumRows];
    inFlight = new InFlight[limits.maxInFlight()];
    Arrays.setAll(inFlight, i -> new InFlight(maxNumRows));
  }

  // ---- sequences

  /** A sequence begins to live. */
  void begin(int place, long id, int sample, int numPromptTokens, boolean hasStops) {
    requestId[place] = id;
    sampleIndex[place] = sample;
    numPrompt[place] = numPromptTokens;
    numTokens[place] = numPromptTokens;
    hasStopTokens[place] = hasStops;
    lastEnd[place] = 0;
    wasOnDevice[place] = false;
    epoch[place]++;
  }

  /** A sequence has ended; results in flight are not for it. */
  void finish(int place) {
    epoch[place]++;
  }

  // ---- rows and steps

  /** Notes a row of the plan being read or written. */
  void addRow(int row, int place, int end, boolean isOnDevice) {
    rows[row] = place;
    lastEnd[place] = end;
    wasOnDevice[place] = isOnDevice;
  }

  void endRows(int numRows) {
    int[] swapped = lastRows;
    lastRows = rows;
    rows = swapped;
    numLastRows = numRows;
  }

  /** From now on nothing refers to the rows before: a reader may begin here. */
  void forgetRows() {
    numLastRows = 0;
  }

  /** The rows just ended are in flight; whether they are sampled is for the caller to fill in. */
  InFlight launch(long stepId) {
    InFlight step = inFlight[(firstInFlight + numInFlight++) % inFlight.length];
    step.stepId = stepId;
    step.numRows = numLastRows;
    for (int row = 0; row < numLastRows; row++) {
      step.place[row] = lastRows[row];
      step.epoch[row] = epoch[lastRows[row]];
    }
    return step;
  }

  boolean isFull() {
    return numInFlight == inFlight.length;
  }

  int numInFlight() {
    return numInFlight;
  }

  InFlight oldest() {
    return inFlight[firstInFlight];
  }

  void retireOldest() {
    firstInFlight = (firstInFlight + 1) % inFlight.length;
    numInFlight--;
  }

  /** The device is lost with all that is in flight: no result of it comes any more. */
  void retireAll() {
    numInFlight = 0;
  }

  /** False when the sequence of a row ended, or lost what is in flight, since it was planned. */
  boolean isCurrent(InFlight step, int row) {
    return step.epoch[row] == epoch[step.place[row]];
  }

  /** What steps in flight sample is lost. */
  void discardUnread() {
    for (int i = 0; i < numInFlight; i++) {
      InFlight step = inFlight[(firstInFlight + i) % inFlight.length];
      for (int row = 0; row < step.numRows; row++) {
        if (isCurrent(step, row)) {
          epoch[step.place[row]]++;
        }
      }
    }
  }

  /** A plan whose result has not come. */
  static final class InFlight {
    final int[] place;
    final boolean[] isSampled;
    private final int[] epoch;
    long stepId;
    int numRows;

    private InFlight(int maxNumRows) {
      place = new int[maxNumRows];
      isSampled = new boolean[maxNumRows];
      epoch = new int[maxNumRows];
    }
  }
}
