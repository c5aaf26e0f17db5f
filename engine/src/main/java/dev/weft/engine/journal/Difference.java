package dev.weft.engine.journal;

/**
 * The first thing that a replay decided otherwise than the recorded run.
 *
 * @param numSteps   plans made so far, empty ones included
 * @param stepId     of the last plan that was not empty; 0 when there is none
 * @param field      what differs, say {@code row 3 start} or {@code decision}
 * @param expected   as recorded
 * @param found      as replayed
 * @param fileOffset of the record, in bytes
 */
public record Difference(
    long numSteps, long stepId, String field, String expected, String found, long fileOffset) {
  @Override public String toString() {
    return "after " + numSteps + " plans, the last of step " + stepId + ": " + field
        + ": recorded " + expected + ", replayed " + found + " (byte " + fileOffset + ")";
  }
}
