package dev.weft.engine.journal;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SchedulerLimits;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a recorded scheduler was made of, as far as it is data. Policy and cache are code: labels
 * say which they were, in words of whoever made them.
 *
 * @param limits of the scheduler
 * @param spec   of its executor
 * @param seed   of the scheduler
 * @param labels anything in words, say {@link #POLICY}; at most 64 of at most 1,000 characters
 */
public record JournalSetup(
    SchedulerLimits limits, ExecutorSpec spec, long seed, Map<String, String> labels) {
  /** Label: class of the policy, or whatever name tells its maker how to make another one. */
  public static final String POLICY = "policy";
  /** Label of an engine's journal: name of its profile. */
  public static final String PROFILE = "profile";
  /** Label of an engine's journal: {@code true} when prefixes are shared between requests. */
  public static final String CACHES_PREFIXES = "cachesPrefixes";

  private static final int MAX_NUM_LABELS = 64;
  private static final int MAX_LABEL_LENGTH = 1_000;

  /** Checks the labels, and copies them. */
  public JournalSetup {
    if (labels.size() > MAX_NUM_LABELS) {
      throw new IllegalArgumentException("labels has " + labels.size() + " entries, must have at "
          + "most " + MAX_NUM_LABELS);
    }
    labels.forEach((name, value) -> {
      if (name.length() > MAX_LABEL_LENGTH || value.length() > MAX_LABEL_LENGTH) {
        throw new IllegalArgumentException("label " + name + " has " + value.length()
            + " characters, must have at most " + MAX_LABEL_LENGTH);
      }
    });
    labels = Map.copyOf(labels);
  }

  /** A setup with one more label. */
  public JournalSetup with(String name, String value) {
    Map<String, String> more = new TreeMap<>(labels);
    more.put(name, value);
    return new JournalSetup(limits, spec, seed, more);
  }

  /** The label, or the answer given when there is none of that name. */
  public String label(String name, String otherwise) {
    return labels.getOrDefault(name, otherwise);
  }
}
