package dev.weft.benchmarks.speculation;

import java.util.Locale;

/**
 * One timed run: a line of the file of results.
 *
 * @param prompts     label of a {@link PromptKind}
 * @param drafter     label of a {@link DrafterKind}, or {@link #NONE}
 * @param length      drafts of a row at most, {@link #GOODPUT}, or 0 without a drafter
 * @param numTokens   output tokens in the timed part
 * @param nanos       on the wall
 * @param draftNanos  of these, spent in drafting
 * @param numSteps    of the target
 * @param numRows     rows that could have had drafts; of plain decoding, the tokens
 */
record RunRow(int round, String prompts, String temperature, int batchSize, String drafter,
    String length, long numTokens, long nanos, long draftNanos, long numSteps, long numRows,
    DraftCounts drafts) {
  static final String NONE = "none";
  static final String GOODPUT = "goodput";

  private static final int NUM_OWN_FIELDS = 11;

  /** The columns of {@link #line}. */
  static String columns() {
    return "round,prompts,temperature,batch,drafter,length,tokens,nanos,draft_nanos,steps,rows,"
        + DraftCounts.columns();
  }

  /** @throws IllegalArgumentException when the line does not have all columns */
  static RunRow parse(String line) {
    String[] fields = line.split(",", -1);
    int numFields = NUM_OWN_FIELDS + DraftCounts.NUM_FIELDS;
    if (fields.length != numFields) {
      throw new IllegalArgumentException(
          fields.length + " columns instead of " + numFields + ": " + line);
    }
    return new RunRow(Integer.parseInt(fields[0]), fields[1], fields[2],
        Integer.parseInt(fields[3]), fields[4], fields[5], Long.parseLong(fields[6]),
        Long.parseLong(fields[7]), Long.parseLong(fields[8]), Long.parseLong(fields[9]),
        Long.parseLong(fields[10]), DraftCounts.parse(fields));
  }

  /** As a line of comma-separated values. */
  String line() {
    return String.format(Locale.ROOT, "%d,%s,%s,%d,%s,%s,%d,%d,%d,%d,%d,%s", round, prompts,
        temperature, batchSize, drafter, length, numTokens, nanos, draftNanos, numSteps, numRows,
        drafts.fields());
  }

  boolean isPlain() {
    return drafter.equals(NONE);
  }

  /** Same prompts, temperature and number of requests at once. */
  boolean isComparable(RunRow other) {
    return prompts.equals(other.prompts) && temperature.equals(other.temperature)
        && batchSize == other.batchSize;
  }

  double tokensPerSecond() {
    return numTokens * 1e9 / nanos;
  }

  double tokensPerRow() {
    return (double) numTokens / numRows;
  }
}
