package dev.weft.speculative;

import dev.weft.schedulerapi.StepFeedback;
import java.util.Objects;

/**
 * A linear step time learnt from the steps themselves, by least squares over all steps with weights
 * that fade by a hundredth a step (exponentially weighted recursive least squares; Ljung, System
 * Identification, 1999): a line through the steps of late. A device whose time is not linear is met
 * where it works now, so the line says well what some drafts more or less cost.
 *
 * <p>What steps do not tell apart is settled by a given line, scaled to the times measured, that is
 * pulled at weakly (a ridge): as long as every step has as many tokens as sequences, what one of
 * each costs alone is not known. No part is negative; one that would be is left out. A step without
 * a measured time teaches nothing. One that took more than twice as long as expected (a
 * compilation, a busy device) counts as twice as long.
 *
 * <p>Cost O(rows) a step and the solution of four equations; nothing allocated.
 */
public final class MeasuredStepTime implements StepTimeModel {
  private static final int NUM_PARTS = 4;
  private static final double FADE = 0.99;
  private static final double PULL = 1e-3;
  private static final int NUM_STEPS_TO_TRUST = 16;
  /** What makes the parts of a common step about 1. */
  private static final double SEQUENCES_UNIT = 64;
  private static final double TOKENS_UNIT = 64;
  private static final double CONTEXT_UNIT = 65_536;
  private static final double NANOS_UNIT = 1e6;

  private final double[] start = new double[NUM_PARTS];
  private final double[] parts = new double[NUM_PARTS];
  /** Faded sums over steps: of products of two parts, and of a part and the time. */
  private final double[][] moments = new double[NUM_PARTS][NUM_PARTS];
  private final double[] timeMoments = new double[NUM_PARTS];
  /** Faded sums of times, as measured and as the given line has them. */
  private double measuredSum;
  private double startSum;
  private long numSteps;
  /** Scratch: a step, and the equations with their right side. */
  private final double[] step = new double[NUM_PARTS];
  private final double[][] equations = new double[NUM_PARTS][NUM_PARTS + 1];

  /** Begins with {@link LinearStepTime#H100_8B}. */
  public MeasuredStepTime() {
    this(LinearStepTime.H100_8B);
  }

  /** @param start believed until steps say otherwise */
  public MeasuredStepTime(LinearStepTime start) {
    Objects.requireNonNull(start, "start");
    this.start[0] = start.nanosPerStep() / NANOS_UNIT;
    this.start[1] = start.nanosPerSequence() * SEQUENCES_UNIT / NANOS_UNIT;
    this.start[2] = start.nanosPerToken() * TOKENS_UNIT / NANOS_UNIT;
    this.start[3] = start.nanosPerContext() * CONTEXT_UNIT / NANOS_UNIT;
    System.arraycopy(this.start, 0, parts, 0, NUM_PARTS);
  }

  /** Steps with a measured time so far. */
  public long numMeasuredSteps() {
    return numSteps;
  }

  @Override public double nanos(int numSequences, double numTokens, double numContextTokens) {
    return NANOS_UNIT * (parts[0] + parts[1] * numSequences / SEQUENCES_UNIT
        + parts[2] * numTokens / TOKENS_UNIT + parts[3] * numContextTokens / CONTEXT_UNIT);
  }

  @Override public boolean learns() {
    return true;
  }

  @Override public void onStep(StepFeedback feedback) {
    if (feedback.deviceNanos() <= 0 || feedback.numRows() == 0) {
      return;
    }
    double numTokens = 0;
    double numContextTokens = 0;
    for (int row = 0; row < feedback.numRows(); row++) {
      numTokens += feedback.numComputedTokens(row);
      if (feedback.isLive(row)) {
        numContextTokens += feedback.sequence(row).numTokens();
      }
    }
    double expected = nanos(feedback.numRows(), numTokens, numContextTokens);
    double measured = (double) feedback.deviceNanos();
    double time = numSteps < NUM_STEPS_TO_TRUST ? measured : Math.min(measured, 2 * expected);
    step[0] = 1;
    step[1] = feedback.numRows() / SEQUENCES_UNIT;
    step[2] = numTokens / TOKENS_UNIT;
    step[3] = numContextTokens / CONTEXT_UNIT;
    learn(time / NANOS_UNIT);
  }

  private void learn(double time) {
    double startTime = 0;
    for (int i = 0; i < NUM_PARTS; i++) {
      for (int j = 0; j < NUM_PARTS; j++) {
        moments[i][j] = FADE * moments[i][j] + step[i] * step[j];
      }
      timeMoments[i] = FADE * timeMoments[i] + step[i] * time;
      startTime += start[i] * step[i];
    }
    measuredSum = FADE * measuredSum + time;
    startSum = FADE * startSum + startTime;
    numSteps++;
    int leftOut = 0;
    int negative;
    do {
      solve(leftOut);
      negative = mostNegative();
      leftOut |= 1 << Math.max(0, negative);
    } while (negative > 0);
    parts[0] = Math.max(parts[0], PULL * start[0] * measuredSum / startSum);
  }

  /** The part that is furthest below 0, the fixed one aside; 0 when there is none. */
  private int mostNegative() {
    int found = 0;
    for (int i = 1; i < NUM_PARTS; i++) {
      if (parts[i] < 0 && (found == 0 || parts[i] < parts[found])) {
        found = i;
      }
    }
    return found;
  }

  /** Gaussian elimination; the matrix is positive definite, so no pivot is near 0. */
  private void solve(int leftOut) {
    double scale = measuredSum / startSum;
    for (int i = 0; i < NUM_PARTS; i++) {
      boolean isOut = i > 0 && (leftOut >> i & 1) != 0;
      for (int j = 0; j < NUM_PARTS; j++) {
        boolean isEither = isOut || (j > 0 && (leftOut >> j & 1) != 0);
        equations[i][j] = (isEither ? 0 : moments[i][j]) + (i == j ? PULL : 0);
      }
      equations[i][NUM_PARTS] = isOut ? 0 : timeMoments[i] + PULL * scale * start[i];
    }
    for (int i = 0; i < NUM_PARTS; i++) {
      for (int row = i + 1; row < NUM_PARTS; row++) {
        double factor = equations[row][i] / equations[i][i];
        for (int j = i; j <= NUM_PARTS; j++) {
          equations[row][j] -= factor * equations[i][j];
        }
      }
    }
    for (int i = NUM_PARTS - 1; i >= 0; i--) {
      double sum = equations[i][NUM_PARTS];
      for (int j = i + 1; j < NUM_PARTS; j++) {
        sum -= equations[i][j] * parts[j];
      }
      parts[i] = sum / equations[i][i];
    }
  }
}
