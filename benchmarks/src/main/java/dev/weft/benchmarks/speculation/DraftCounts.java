package dev.weft.benchmarks.speculation;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** How many drafts were verified and how many accepted, by their number in the row, from 0. */
final class DraftCounts {
  private static final int NUM_POSITIONS = DrafterKind.MAX_NUM_DRAFT_TOKENS;

  /** How many fields {@link #fields} has. */
  static final int NUM_FIELDS = 2 * NUM_POSITIONS;

  /** Rows with more than n drafts. */
  private final long[] drafted = new long[NUM_POSITIONS];
  /** Rows more than n drafts of which were accepted. */
  private final long[] accepted = new long[NUM_POSITIONS];

  /** The names of the fields, with commas between. */
  static String columns() {
    return IntStream.range(0, NUM_FIELDS)
        .mapToObj(i -> (i < NUM_POSITIONS ? "drafted_" : "accepted_") + (i % NUM_POSITIONS + 1))
        .collect(Collectors.joining(","));
  }

  /** Reads the last {@link #NUM_FIELDS} of these. */
  static DraftCounts parse(String... fields) {
    DraftCounts counts = new DraftCounts();
    long[] values = Arrays.stream(fields, fields.length - NUM_FIELDS, fields.length)
        .mapToLong(Long::parseLong).toArray();
    System.arraycopy(values, 0, counts.drafted, 0, NUM_POSITIONS);
    System.arraycopy(values, NUM_POSITIONS, counts.accepted, 0, NUM_POSITIONS);
    return counts;
  }

  /** With commas between: as many as there are positions verified, and as many accepted. */
  String fields() {
    return LongStream.concat(Arrays.stream(drafted), Arrays.stream(accepted))
        .mapToObj(Long::toString).collect(Collectors.joining(","));
  }

  /** Counts a row. */
  void add(int numDrafts, int numAccepted) {
    for (int i = 0; i < numDrafts; i++) {
      drafted[i]++;
    }
    for (int i = 0; i < numAccepted; i++) {
      accepted[i]++;
    }
  }

  long numDrafted() {
    return Arrays.stream(drafted).sum();
  }

  long numAccepted() {
    return Arrays.stream(accepted).sum();
  }

  /** Share of all drafts that was accepted. */
  double acceptance() {
    return (double) numAccepted() / numDrafted();
  }

  /** Of the n-th drafts, from 0; NaN when there were none. */
  double acceptance(int position) {
    return (double) accepted[position] / drafted[position];
  }
}
