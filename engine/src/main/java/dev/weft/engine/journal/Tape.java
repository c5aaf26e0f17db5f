package dev.weft.engine.journal;

import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.List;

/**
 * Writes records into the ring, each within one segment. Whoever calls a method holds the tape's
 * monitor. Cost O(rows) a step; nothing is allocated after the start.
 */
final class Tape {
  private static final int NUM_SEGMENTS = 16;
  private static final int MIN_NUM_SEGMENTS = 2;
  private static final int MAX_SMALL_SIZE = 96;
  private static final int NUM_LENGTH_BYTES = 4;

  final JournalSetup setup;
  final SequenceBook book;
  final Places places;
  final Introductions introductions;
  private final TokenForm form;
  private final TokenHashes hashes;
  private final SegmentRing ring;
  private final RowCodec rows;
  private final ResultCodec results;
  private final PlanSums sums = new PlanSums();
  private final Load load = new Load();
  private final int[] placeOfSlot;
  private long lastNanos;
  /** The request being added had no room. */
  private boolean isRequestLost;

  Tape(JournalSetup setup, TokenForm form, TokenHashes hashes, long maxSize) {
    this.setup = setup;
    this.form = form;
    this.hashes = hashes;
    SchedulerLimits limits = setup.limits();
    book = new SequenceBook(limits);
    places = new Places(book);
    introductions = new Introductions(book);
    rows = new RowCodec(book, introductions);
    results = new ResultCodec(book, introductions, form, hashes);
    placeOfSlot = new int[setup.spec().numSlots()];
    long segmentSize = Math.max(maxSize / NUM_SEGMENTS, largestStep(limits));
    long numSegments = maxSize / segmentSize;
    if (numSegments < MIN_NUM_SEGMENTS) {
      throw new IllegalArgumentException("maxSize is " + maxSize + ", must be at least "
          + MIN_NUM_SEGMENTS * segmentSize + " with maxNumSeqs " + limits.maxNumSeqs());
    }
    ring = new SegmentRing((int) numSegments, (int) segmentSize);
  }

  /** Most bytes of a plan or a result. */
  private static long largestStep(SchedulerLimits limits) {
    int ofPlan = RowCodec.MAX_ROW_SIZE + Introductions.MAX_SIZE;
    int ofResult = ResultCodec.maxRowSize(limits.maxNumDraftTokens());
    return MAX_SMALL_SIZE + PlanSums.MAX_SIZE
        + (limits.maxNumSeqs() + 1L) * Math.max(ofPlan, ofResult);
  }

  // ---- the ring

  boolean isWhole() {
    return ring.isWhole();
  }

  long size() {
    return ring.size();
  }

  List<Segment> copy() {
    return ring.copy();
  }

  private RecordWriter room(int maxSize) {
    if (ring.reserve(maxSize)) {
      book.forgetRows();
      introductions.beginSegment(ring.number());
      lastNanos = 0;
    }
    return ring.out();
  }

  private RecordWriter begin(RecordKind kind, int maxSize) {
    RecordWriter out = room(maxSize);
    out.kind(kind);
    return out;
  }

  private RecordWriter timed(RecordKind kind, int maxSize, long nowNanos) {
    RecordWriter out = begin(kind, maxSize);
    out.signed(nowNanos - lastNanos);
    lastNanos = nowNanos;
    return out;
  }

  /** Begins a small record without a time. */
  RecordWriter record(RecordKind kind) {
    return begin(kind, MAX_SMALL_SIZE);
  }

  /** Begins a small record with its time. */
  RecordWriter timed(RecordKind kind, long nowNanos) {
    return timed(kind, MAX_SMALL_SIZE, nowNanos);
  }

  /** Begins a small record about a sequence, and says who that is if this segment has not yet. */
  RecordWriter decision(RecordKind kind, int place, long nowNanos) {
    RecordWriter out = room(2 * MAX_SMALL_SIZE + Introductions.MAX_SIZE);
    if (introductions.isMissing(place)) {
      out.kind(RecordKind.INTRODUCTION);
      out.number(place);
      introductions.write(place, nowNanos, out);
    }
    timed(kind, nowNanos).number(place);
    return out;
  }

  // ---- requests

  void add(Request request, long seed, long nowNanos) {
    long size = MAX_SMALL_SIZE + RequestCodec.maxSize(request)
        + 3L * request.sampling().numSamples();
    isRequestLost = size + MAX_SMALL_SIZE > ring.segmentSize();
    if (isRequestLost) {
      ring.forget();
      room(0);
    } else {
      RecordWriter out = timed(RecordKind.ADD, (int) size + MAX_SMALL_SIZE, nowNanos);
      RequestCodec.write(request, seed, hashes.ofText(request.cacheSalt()), form, nowNanos, out);
      writePrompt(request, out);
    }
  }

  private void writePrompt(Request request, RecordWriter out) {
    if (form == TokenForm.HASHED) {
      hashes.prompt(request, out);
      return;
    }
    for (int i = 0; i < request.numPromptTokens(); i++) {
      out.number(request.promptToken(i));
    }
  }

  void accept(Request request, long nowNanos) {
    int numSamples = request.sampling().numSamples();
    int place = places.open(request.id(), numSamples);
    RecordWriter out = ring.out();
    if (!isRequestLost) {
      out.kind(RecordKind.ACCEPTED);
    }
    for (int sample = 0; sample < numSamples; sample++) {
      book.begin(place, request.id(), sample, request.numPromptTokens(),
          request.sampling().numStopTokens() > 0);
      introductions.begin(place, request, nowNanos, !isRequestLost);
      if (form == TokenForm.HASHED) {
        hashes.begin(place);
      }
      if (!isRequestLost) {
        out.number(place);
      }
      place = places.next(place);
    }
  }

  void finish(int place) {
    introductions.finish(place);
    book.finish(place);
    places.close(place);
  }

  // ---- steps

  void planned(StepPlan plan, SchedulerStats stats, long nowNanos) {
    int maxSize = MAX_SMALL_SIZE + PlanSums.MAX_SIZE
        + (plan.numRows() + 1) * (RowCodec.MAX_ROW_SIZE + Introductions.MAX_SIZE);
    RecordWriter out = timed(RecordKind.PLANNED, maxSize, nowNanos);
    for (int i = 0; i < plan.numAttached(); i++) {
      placeOfSlot[plan.attachedSlot(i)] =
          places.find(plan.attachedRequestId(i), plan.attachedSampleIndex(i));
    }
    load.read(stats);
    sums.of(plan);
    out.number(plan.isEmpty() ? 0 : plan.stepId());
    load.write(out);
    sums.write(out);
    if (!plan.isEmpty()) {
      rows.write(plan, placeOfSlot, nowNanos, out);
      SequenceBook.InFlight step = book.launch(plan.stepId());
      for (int row = 0; row < step.numRows; row++) {
        step.isSampled[row] = plan.isSampled(row);
      }
    }
  }

  void update(StepResult result, long nowNanos) {
    SequenceBook.InFlight step = book.oldest();
    int maxSize = ResultCodec.MAX_HEAD_SIZE
        + (step.numRows + 1) * ResultCodec.maxRowSize(setup.limits().maxNumDraftTokens());
    RecordWriter out = timed(RecordKind.UPDATE, maxSize, nowNanos);
    int lengthAt = out.position;
    out.position += NUM_LENGTH_BYTES;
    boolean isFailed = result.outcome() == StepResult.Outcome.FAILED;
    out.number(result.stepId());
    out.number(result.deviceNanos());
    out.number(isFailed ? 1 : 0);
    book.retireOldest();
    if (isFailed) {
      book.discardUnread();
    } else {
      results.write(result, step, out);
    }
    int end = out.position;
    out.position = lengthAt;
    out.int32(end - lengthAt - NUM_LENGTH_BYTES);
    out.position = end;
  }

  /** Parents are kept, distributions are not: no decision depends on them. */
  void drafts(int index, long requestId, int sampleIndex, Drafts drafts) {
    int numDrafts = drafts.numDrafts();
    int place = places.find(requestId, sampleIndex);
    int maxSize = MAX_SMALL_SIZE
        + (ResultCodec.MAX_DRAFT_SIZE + ResultCodec.MAX_PARENT_SIZE) * numDrafts;
    RecordWriter out = begin(RecordKind.DRAFTS, maxSize);
    out.number(index);
    out.number(place);
    out.number((long) numDrafts << 1 | (drafts.isTree() ? 1 : 0));
    for (int i = 0; drafts.isTree() && i < numDrafts; i++) {
      out.number(drafts.parent(i) + 1L);
    }
    if (form == TokenForm.HASHED) {
      hashes.beginDrafts(place);
    }
    for (int i = 0; i < numDrafts; i++) {
      if (form == TokenForm.CLEAR) {
        out.number(drafts.token(i));
      } else {
        results.writeDraft(place, i + 1, drafts.token(i), out);
      }
    }
  }
}
