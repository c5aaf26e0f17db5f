package dev.weft.testkit.conformance;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How many drafts are proposed for a request and how many of them are right, turn by turn; both
 * lists begin again at their end.
 *
 * @param proposed by emission; null for as many as the drafter may
 * @param accepted by verification
 */
public record DraftScript(@Nullable List<Integer> proposed, List<Integer> accepted) {
  int numProposed(int turn, int max) {
    return proposed == null ? max : Math.min(of(proposed, turn), max);
  }

  int numAccepted(int turn, int numDrafts) {
    return Math.min(of(accepted, turn), numDrafts);
  }

  private static int of(List<Integer> list, int turn) {
    return list.isEmpty() ? 0 : list.get(turn % list.size());
  }
}
