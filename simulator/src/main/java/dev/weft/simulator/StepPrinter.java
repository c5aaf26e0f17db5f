package dev.weft.simulator;

import dev.weft.engine.journal.Replay;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepPlan;
import java.io.PrintStream;

/** Prints the step at which a replay stopped, and how things stand there. */
final class StepPrinter implements SchedulerListener {
  private static final int MAX_NUM_WAITING_SHOWN = 40;
  private static final Grant[] GRANTS = Grant.values();
  private final PrintStream out;
  private final long[] numBefore = new long[GRANTS.length];
  private final long[] numNow = new long[GRANTS.length];
  private StringBuilder events = new StringBuilder();
  private String lastEvents = "";

  StepPrinter(PrintStream out) {
    this.out = out;
  }

  // ---- what led to the step

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    events.append("  admitted ").append(name(requestId, sampleIndex)).append(", ")
        .append(numCachedTokens).append(" tokens cached\n");
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    events.append("  preempted ").append(name(requestId, sampleIndex)).append(" for request ")
        .append(forRequestId).append(", ").append(reason).append(": ")
        .append(numTokensToRecompute).append(" tokens, ").append(numBlocksReleased)
        .append(" blocks\n");
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    events.append("  ended ").append(name(requestId, sampleIndex)).append(", ").append(reason)
        .append(" after ").append(numOutputTokens).append(" tokens\n");
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    for (int i = 0; i < GRANTS.length; i++) {
      long total = stats.numGrants(GRANTS[i]);
      numNow[i] = total - numBefore[i];
      numBefore[i] = total;
    }
    lastEvents = events.toString();
    events = new StringBuilder();
  }

  private static String name(long requestId, int sampleIndex) {
    return "request " + requestId + " sample " + sampleIndex;
  }

  // ---- how things stand

  /** Prints it all. */
  void print(Replay replay) {
    StepPlan plan = replay.lastPlan();
    out.println("stands at " + replay.nowNanos() + " ns, "
        + (replay.isAtEnd() ? "the end of the journal" : "before the next result"));
    if (plan != null) {
      printPlan(plan);
    }
    printList("running", replay.scheduler().running(), Integer.MAX_VALUE);
    printList("waiting", replay.scheduler().waiting(), MAX_NUM_WAITING_SHOWN);
    SchedulerStats stats = replay.scheduler().stats();
    out.println(stats.numBlocked() + " blocked, " + stats.numInFlight() + " steps in flight, "
        + replay.kvCache().numFreeBlocks() + " of " + replay.kvCache().numBlocks()
        + " KV blocks free, pause " + replay.scheduler().pauseMode() + ", "
        + replay.scheduler().caps());
  }

  private void printPlan(StepPlan plan) {
    out.println(plan.isEmpty() ? "the last plan is empty"
        : "step " + plan.stepId() + ": " + plan.numRows() + " rows, " + plan.numTokens()
            + " tokens");
    out.print(lastEvents);
    for (int row = 0; row < plan.numRows(); row++) {
      int start = plan.startPosition(row);
      out.println("  row " + row + " " + name(plan.requestId(row), plan.sampleIndex(row))
          + ": positions " + start + " to " + (start + plan.numTokens(row) - 1)
          + (plan.numDraftTokens(row) > 0 ? ", " + plan.numDraftTokens(row) + " drafts" : "")
          + (plan.isSampled(row) ? ", sampled" : "") + (plan.hasMask(row) ? ", mask" : ""));
    }
    StringBuilder asked = new StringBuilder("  asked:");
    for (int i = 0; i < GRANTS.length; i++) {
      if (numNow[i] > 0) {
        asked.append(' ').append(GRANTS[i]).append(' ').append(numNow[i]);
      }
    }
    out.println(asked.length() == "  asked:".length() ? "  nobody asked for tokens" : asked);
  }

  private void printList(String name, SequenceList sequences, int maxNumShown) {
    out.println(sequences.size() + " " + name);
    for (int i = 0; i < Math.min(sequences.size(), maxNumShown); i++) {
      SequenceView sequence = sequences.get(i);
      out.println("  " + name(sequence.requestId(), sequence.sampleIndex()) + ": "
          + sequence.numComputedTokens() + " of " + sequence.numTokens() + " tokens computed, "
          + sequence.numUnreadTokens() + " unread, prompt " + sequence.numPromptTokens()
          + ", priority " + sequence.priority() + ", preempted " + sequence.numPreemptions()
          + " times" + (sequence.isSkipped() ? ", passed over" : ""));
    }
    if (sequences.size() > maxNumShown) {
      out.println("  and " + (sequences.size() - maxNumShown) + " more");
    }
  }
}
