package dev.weft.gpuexecutor;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Pearson's chi-square test of counts against a distribution. Cells expected to be rare are pooled,
 * so that the approximation holds far into its tail.
 */
final class GoodnessOfFit {
  /** Cells with a smaller expected count are pooled. */
  private static final double MIN_EXPECTED = 25;

  /** Probabilities below are rounding. */
  private static final double IMPOSSIBLE = 1e-15;

  private GoodnessOfFit() {}

  /**
   * The probability that counts drawn from the distribution would be at least as far from it as
   * these; 0 when something was counted that cannot be.
   *
   * @param probabilities by cell, sum 1
   */
  static double pValue(long[] counts, double[] probabilities) {
    long numTrials = Arrays.stream(counts).sum();
    Integer[] cells = new Integer[counts.length];
    Arrays.setAll(cells, cell -> cell);
    Arrays.sort(cells, Comparator.comparingDouble(cell -> probabilities[cell]));
    double statistic = 0;
    int numCells = 0;
    double expected = 0;
    long observed = 0;
    double expectedLeft = numTrials;
    for (int cell : cells) {
      if (probabilities[cell] < IMPOSSIBLE && counts[cell] > 0) {
        return 0;
      }
      expected += probabilities[cell] * numTrials;
      expectedLeft -= probabilities[cell] * numTrials;
      observed += counts[cell];
      boolean isLast = cell == cells[cells.length - 1].intValue();
      if (isLast || (expected >= MIN_EXPECTED && expectedLeft >= MIN_EXPECTED)) {
        statistic += (observed - expected) * (observed - expected) / expected;
        numCells++;
        expected = 0;
        observed = 0;
      }
    }
    return numCells < 2 ? 1 : upperGamma((numCells - 1) / 2.0, statistic / 2);
  }

  /** The regularised upper incomplete gamma function: 1 minus a series, or a continued fraction. */
  static double upperGamma(double a, double x) {
    if (x <= 0) {
      return 1;
    }
    double factor = Math.exp(a * Math.log(x) - x - logGamma(a));
    if (x < a + 1) {
      double term = 1 / a;
      double sum = term;
      for (int n = 1; term > sum * 1e-16; n++) {
        term *= x / (a + n);
        sum += term;
      }
      return Math.max(0, 1 - factor * sum);
    }
    // Modified Lentz.
    double b = x + 1 - a;
    double c = 1e300;
    double d = 1 / b;
    double h = d;
    double delta = 0;
    for (int n = 1; Math.abs(delta - 1) > 1e-15; n++) {
      double an = -n * (n - a);
      b += 2;
      d = 1 / (an * d + b);
      c = b + an / c;
      delta = d * c;
      h *= delta;
    }
    return factor * h;
  }

  /** Stirling's series, from where it is exact enough, and the recurrence below. */
  private static double logGamma(double a) {
    double shift = 0;
    double z = a;
    for (; z < 10; z++) {
      shift += Math.log(z);
    }
    double inverse = 1 / z;
    double square = inverse * inverse;
    double series = inverse * (1.0 / 12 - square * (1.0 / 360 - square / 1260));
    return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
  }
}
