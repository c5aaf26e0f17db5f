package dev.weft.examples;

import java.util.ArrayList;
import java.util.List;

/**
 * All that came out of a run, and whether it proves what it is to prove.
 *
 * @param isExact whether the executor that served computes the bits of the decoder
 */
record RunReport(List<TimedRequest> requests, ServedOutputs served, ServingFigures figures,
    SoloComparison alone, boolean isExact) {
  private static final int MAX_NUM_DIFFERENCES = 5;

  /** The line that says what the run proves. */
  String verdict() {
    String verdict =
        alone.numEqual() + " of " + requests.size() + " outputs equal the request run alone";
    return isExact ? verdict : verdict + " on the host, " + alone.numRounded()
        + " differ only where rounding decides (" + alone.numRoundedTokens() + " tokens)";
  }

  /**
   * Passes in silence when every output is right and everything happened that could have spoilt
   * one.
   *
   * @throws IllegalStateException saying what is wrong
   */
  void requireSuccess() {
    List<String> complaints = new ArrayList<>();
    for (String missing : figures.missing()) {
      complaints.add("there was no " + missing);
    }
    if (!alone.differences().isEmpty()) {
      complaints.add(verdict());
      alone.differences().stream().limit(MAX_NUM_DIFFERENCES).forEach(complaints::add);
    }
    if (!complaints.isEmpty()) {
      throw new IllegalStateException(String.join("; ", complaints));
    }
  }
}
