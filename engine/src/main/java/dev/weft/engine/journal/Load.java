package dev.weft.engine.journal;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;

/** The load after a plan, and which refusals there were since the plan before. */
final class Load {
  static final int MILLION = 1_000_000;
  private static final Grant[] GRANTS = Grant.values();
  int numWaiting;
  int numRunning;
  int numBlocked;
  int kvMillionths;
  /** Bit of each ordinal of {@link Grant} that was given. */
  int grants;
  private final long[] numBefore = new long[GRANTS.length];

  static int numGrants() {
    return GRANTS.length;
  }

  /** Reads the statistics after a plan; called once for each plan. */
  void read(SchedulerStats stats) {
    numWaiting = stats.numWaiting();
    numRunning = stats.numRunning();
    numBlocked = stats.numBlocked();
    kvMillionths = (int) Math.round(MILLION * stats.kvUsage());
    grants = 0;
    for (int i = 0; i < GRANTS.length; i++) {
      long total = stats.numGrants(GRANTS[i]);
      grants |= total == numBefore[i] ? 0 : 1 << i;
      numBefore[i] = total;
    }
  }

  void write(RecordWriter out) {
    out.number(numWaiting);
    out.number(numRunning);
    out.number(numBlocked);
    out.number(kvMillionths);
    out.number(grants);
  }

  void read(RecordReader in) throws JournalFormatException {
    numWaiting = in.number("numWaiting", Integer.MAX_VALUE);
    numRunning = in.number("numRunning", Integer.MAX_VALUE);
    numBlocked = in.number("numBlocked", Integer.MAX_VALUE);
    kvMillionths = in.number("kvMillionths", MILLION);
    grants = in.number("grants", (1 << GRANTS.length) - 1);
  }
}
