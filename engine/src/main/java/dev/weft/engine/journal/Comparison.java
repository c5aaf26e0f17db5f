package dev.weft.engine.journal;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import org.jspecify.annotations.Nullable;

/**
 * Hears the decisions of a replay and compares each with the next record. The first difference
 * stays; after it nothing is compared any more.
 */
final class Comparison implements SchedulerListener {
  private final Decoder decoder;
  private final Load load = new Load();
  private final PlanSums sums = new PlanSums();
  private @Nullable RecordKind next;
  private boolean isRead;
  private boolean isAtEnd;
  private @Nullable Difference difference;
  private @Nullable JournalFormatException failure;
  private long numSteps;
  private long stepId;

  Comparison(Decoder decoder) {
    this.decoder = decoder;
  }

  @Nullable Difference difference() {
    return difference;
  }

  boolean isAtEnd() {
    return isAtEnd;
  }

  long numSteps() {
    return numSteps;
  }

  long stepId() {
    return stepId;
  }

  // ---- the records

  /** Kind of the next record, which it leaves; introductions are passed over. Null at the end. */
  @Nullable RecordKind peek() throws JournalFormatException {
    while (!isRead) {
      next = decoder.next();
      isRead = next != RecordKind.INTRODUCTION;
    }
    isAtEnd = next == null;
    return next;
  }

  void take() {
    isRead = false;
  }

  /** Passes on what was wrong with a record that a decision was to be compared with. */
  void throwFailure() throws JournalFormatException {
    if (failure != null) {
      throw failure;
    }
  }

  /** Takes the next record if it is of that kind. */
  boolean takeIf(RecordKind kind) {
    try {
      if (difference != null || failure != null || peek() != kind) {
        return false;
      }
    } catch (JournalFormatException e) {
      failure = e;
      return false;
    }
    take();
    return true;
  }

  /** Takes the next record if it is of that kind; else that is the difference. */
  boolean expect(RecordKind found, String what) {
    if (difference != null || failure != null) {
      return false;
    }
    try {
      RecordKind expected = peek();
      if (expected == null) {
        return false; // The recorded run was cut off here.
      }
      if (expected != found) {
        differ("decision", describe(expected), what);
        return false;
      }
    } catch (JournalFormatException e) {
      failure = e;
      return false;
    }
    take();
    return true;
  }

  private String describe(RecordKind kind) {
    return switch (kind) {
      case ADMITTED, PREEMPTED, FINISHED ->
          kind + " request " + decoder.requestId + " sample " + decoder.sampleIndex;
      default -> kind.toString();
    };
  }

  void differ(String field, Object expected, Object found) {
    if (difference == null) {
      difference = new Difference(numSteps, stepId, field, expected.toString(), found.toString(),
          decoder.offset());
    }
  }

  private void compare(String field, long expected, long found) {
    if (expected != found) {
      differ(field, expected, found);
    }
  }

  // ---- the decisions

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    if (expect(RecordKind.ACCEPTED, "request " + request.id() + " accepted")) {
      compare("seed of request " + request.id(), decoder.request.seed, seed);
    }
  }

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    String who = "request " + requestId + " sample " + sampleIndex;
    if (expect(RecordKind.ADMITTED, "ADMITTED " + who)) {
      compareSequence("admission", requestId, sampleIndex, nowNanos);
      compare("cached tokens of " + who, decoder.numTokens, numCachedTokens);
    }
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    String who = "request " + requestId + " sample " + sampleIndex;
    if (expect(RecordKind.PREEMPTED, "PREEMPTED " + who)) {
      compareSequence("preemption", requestId, sampleIndex, nowNanos);
      compare("for whom preempted was " + who, decoder.forRequestId, forRequestId);
      compare("reason of preempting " + who, decoder.preemptReason.ordinal(), reason.ordinal());
      compare("tokens lost by " + who, decoder.numTokens, numTokensToRecompute);
      compare("blocks released by " + who, decoder.numBlocks, numBlocksReleased);
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    String who = "request " + requestId + " sample " + sampleIndex;
    if (expect(RecordKind.FINISHED, "FINISHED " + who)) {
      compareSequence("end", requestId, sampleIndex, nowNanos);
      if (decoder.finishReason != reason) {
        differ("why " + who + " ended", decoder.finishReason, reason);
      }
      compare("output tokens of " + who, decoder.numTokens, numOutputTokens);
    }
  }

  private void compareSequence(String what, long requestId, int sampleIndex, long nowNanos) {
    if (decoder.requestId != requestId || decoder.sampleIndex != sampleIndex) {
      differ("sequence of an " + what, "request " + decoder.requestId + " sample "
          + decoder.sampleIndex, "request " + requestId + " sample " + sampleIndex);
    }
    compare("time of an " + what, decoder.nowNanos, nowNanos);
  }

  // ---- plans

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    numSteps++;
    stepId = plan.isEmpty() ? stepId : plan.stepId();
    load.read(stats);
    if (!expect(RecordKind.PLANNED, "a plan of " + plan.numRows() + " rows")) {
      return;
    }
    PlannedStep expected = decoder.planned;
    compare("stepId", expected.stepId, plan.isEmpty() ? 0 : plan.stepId());
    compare("time of the plan", decoder.nowNanos, nowNanos);
    int numRows = Math.min(expected.numRows, plan.numRows());
    for (int row = 0; row < numRows && difference == null; row++) {
      compareRow(expected, plan, row);
    }
    compare("rows", expected.numRows, plan.numRows());
    compareSums(expected.sums, plan);
    compareLoad(expected.load);
  }

  private void compareRow(PlannedStep expected, StepPlan plan, int row) {
    String name = "row " + row + " ";
    int place = expected.place[row];
    compare(name + "request", decoder.book.requestId[place], plan.requestId(row));
    compare(name + "sample", decoder.book.sampleIndex[place], plan.sampleIndex(row));
    compare(name + "start", expected.start[row], plan.startPosition(row));
    compare(name + "tokens", expected.numTokens[row], plan.numTokens(row));
    compare(name + "drafts", expected.numDrafts[row], plan.numDraftTokens(row));
    int flags = (plan.isSampled(row) ? RowCodec.IS_SAMPLED : 0)
        | (plan.isFirstTokenOnDevice(row) ? RowCodec.IS_ON_DEVICE : 0)
        | (plan.hasPlaceholders(row) ? RowCodec.HAS_PLACEHOLDERS : 0)
        | (plan.hasMask(row) ? RowCodec.HAS_MASK : 0);
    compare(name + "sampled 1, on the device 2, placeholders 4, mask 8", expected.flags[row],
        flags);
  }

  private void compareSums(PlanSums expected, StepPlan plan) {
    sums.of(plan);
    for (PlanSums.Part part : PlanSums.Part.values()) {
      int i = part.ordinal();
      compare("number of " + part, expected.count[i], sums.count[i]);
      compare("check sum of " + part, expected.sum[i], sums.sum[i]);
    }
  }

  private void compareLoad(Load expected) {
    compare("waiting", expected.numWaiting, load.numWaiting);
    compare("running", expected.numRunning, load.numRunning);
    compare("blocked", expected.numBlocked, load.numBlocked);
    compare("kvUsage in millionths", expected.kvMillionths, load.kvMillionths);
    compare("grants given, as bits", expected.grants, load.grants);
  }
}
