package dev.weft.engine.journal;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepResult;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/** Tells a listener what a journal says, record by record. */
final class Teller {
  private final Decoder decoder;
  private final SchedulerListener listener;
  private final ToldPlan plan;
  private final ToldStats stats;
  private final StepResult result;
  /** Requests told. */
  private final Set<Long> known = new HashSet<>();
  /** Those whose addition the journal does not hold. */
  private final Set<Long> missing = new HashSet<>();
  /** Places whose admission was told although the journal does not hold it. */
  private final BitSet admitted = new BitSet();
  private long numTold;

  Teller(Journal journal, SchedulerListener listener) {
    decoder = new Decoder(journal);
    this.listener = listener;
    plan = new ToldPlan(decoder);
    stats = new ToldStats(decoder);
    result = StepResult.of(journal.setup().limits());
    decoder.onIntroduction(this::introduceRow);
  }

  long tell() throws JournalFormatException {
    for (RecordKind kind = decoder.next(); kind != null; kind = decoder.next()) {
      tell(kind);
    }
    return numTold;
  }

  private void tell(RecordKind kind) {
    long now = decoder.nowNanos;
    switch (kind) {
      case ACCEPTED -> {
        RequestCodec.Draft draft = decoder.request;
        known.add(draft.id);
        missing.remove(draft.id);
        listener.onAdd(draft.build(decoder.prompt).build(), draft.seed, now);
      }
      case ADMITTED -> {
        admitted.set(decoder.place);
        listener.onAdmit(decoder.requestId, decoder.sampleIndex, decoder.numTokens, now);
      }
      case INTRODUCTION -> introduce(decoder.place);
      case PREEMPTED -> listener.onPreempt(decoder.requestId, decoder.sampleIndex,
          decoder.forRequestId, decoder.preemptReason, decoder.numTokens, decoder.numBlocks, now);
      case FINISHED -> {
        admitted.clear(decoder.place);
        listener.onFinish(decoder.requestId, decoder.sampleIndex, decoder.finishReason,
            decoder.numTokens, now);
      }
      case PLANNED -> {
        numTold++;
        stats.afterPlan();
        listener.onPlan(plan, stats, now);
      }
      case UPDATE -> tellResult(now);
      default -> { }
    }
  }

  /** A sequence was there before the journal begins, or before a segment. */
  private void introduce(int place) {
    SequenceBook book = decoder.book;
    Introduction who = decoder.introduction;
    if (known.add(book.requestId[place])) {
      SamplingParameters sampling = SamplingParameters.builder()
          .maxNewTokens(Math.max(1, who.maxNewTokens)).numSamples(Math.max(1, who.numSamples))
          .build();
      Request request =
          Request.builder(book.requestId[place], new int[Math.max(1, book.numPrompt[place])])
              .sampling(sampling).priority(who.priority).tenant(who.tenant).build();
      missing.add(book.requestId[place]);
      listener.onAdd(request, 0, decoder.nowNanos - who.addedAgoNanos);
    }
  }

  /** As {@link #introduce}, of one that runs. */
  private void introduceRow(int place) {
    introduce(place);
    SequenceBook book = decoder.book;
    long id = book.requestId[place];
    if (missing.contains(id) && !admitted.get(place)
        && decoder.introduction.admittedAgoNanos >= 0) {
      admitted.set(place);
      listener.onAdmit(id, book.sampleIndex[place], 0,
          decoder.nowNanos - decoder.introduction.admittedAgoNanos);
    }
  }

  private void tellResult(long now) {
    ReportedStep step = decoder.reported;
    if (step.isUnknown) {
      return;
    }
    SequenceBook book = decoder.book;
    result.reset(step.stepId, step.numRows);
    result.setDeviceNanos(step.deviceNanos);
    if (step.isFailed) {
      result.failStep("failed as recorded");
    }
    for (int row = 0; row < step.numRows; row++) {
      for (int i = 0; i < step.numTokens[row]; i++) {
        result.addToken(row, -1);
        if (step.counts[row]) {
          int place = step.place[row];
          listener.onToken(book.requestId[place], book.sampleIndex[place],
              step.firstOutput[row] + i, -1, now);
        }
      }
      if (step.isFailedRow[row]) {
        result.failRow(row);
      }
    }
    listener.onResult(result, stats, now);
  }
}
