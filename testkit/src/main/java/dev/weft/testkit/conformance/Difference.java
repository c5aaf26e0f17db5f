package dev.weft.testkit.conformance;

/**
 * One value that is not as recorded.
 *
 * @param step     number of the step, or {@link #WHOLE_RUN}
 * @param field    path of the value in the record of the step, or of the whole run
 * @param expected what the golden says; {@code absent} where it says nothing
 * @param found    what this scheduler did
 */
public record Difference(String scenario, int step, String field, String expected, String found) {
  /** Value of {@link #step} where the difference is of no step in particular. */
  public static final int WHOLE_RUN = -1;

  @Override public String toString() {
    return scenario + ": " + (step == WHOLE_RUN ? "" : "step " + step + ": ") + field
        + ": expected " + expected + ", found " + found;
  }
}
