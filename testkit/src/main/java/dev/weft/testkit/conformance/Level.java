package dev.weft.testkit.conformance;

import java.util.Set;

/** How strictly a record is compared with its golden; each level includes the one before. */
public enum Level {
  /** Who runs, how much, who is preempted, what comes out. */
  DECISIONS,
  /** Free blocks, cached keys, lookups, preemptions and evictions as well. */
  COUNTS,
  /** Everything, block ids and the order of the free list included. */
  IDENTITY;

  private static final Set<String> DECISION_FIELDS = Set.of("scheduled", "total", "preempted",
      "outputs", "released", "running", "waiting", "skipped", "drafts_pending", "finish",
      "output_len");
  private static final Set<String> COUNT_FIELDS = Set.of("free", "free_after_schedule",
      "cached_keys", "lookup", "common_prefix_blocks", "preemptions", "evictions");

  /** Level 1, 2 or 3. */
  public static Level of(int number) {
    if (number < 1 || number > values().length) {
      throw new IllegalArgumentException(
          "level is " + number + ", must be 1 to " + values().length);
    }
    return values()[number - 1];
  }

  /** 1, 2 or 3. */
  public int number() {
    return ordinal() + 1;
  }

  /** Whether a field of a step, or of the record of the whole run, is compared. */
  boolean compares(String field) {
    return this == IDENTITY || DECISION_FIELDS.contains(field)
        || (this == COUNTS && COUNT_FIELDS.contains(field));
  }

  /** Whether a field inside a compared one is compared. */
  boolean comparesInner(String field) {
    return this == IDENTITY || !field.equals("blocks");
  }
}
