package dev.weft.engine.journal;

import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.InputListener.MaskAnswer;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SchedulerLimits;
import org.jspecify.annotations.Nullable;

/**
 * Reads one record after another into its fields, which hold until the next one. Keeps the book
 * that the recorder kept. Memory is bounded by the limits in the header and the size of the file.
 *
 * <p>Of a journal without its beginning, results of steps planned before it are passed over.
 */
final class Decoder {
  private static final MaskAnswer[] ANSWERS = MaskAnswer.values();
  private final Journal journal;
  private final SchedulerLimits limits;
  final SequenceBook book;
  final Vocabulary vocabulary;
  private StopTokens stopTokens;
  private StopListener stopListener = (place, token) -> { };
  private long numRequests;
  private int numSegmentsRead;
  private Segment segment = new Segment(-1, new byte[0], 0, true);
  private RecordReader in = new RecordReader(segment.records(), 0, 0, 0);
  private long offset;

  // What the record says; each kind has its own.
  long nowNanos;
  long requestId;
  int sampleIndex;
  /** Place of the sequence that a decision is about. */
  int place;
  /** Tokens kept, tokens found in the cache, output tokens, or tokens to compute again. */
  int numTokens;
  int numBlocks;
  int block;
  boolean flag;
  /** Index in the batch for drafters. */
  int index;
  long forRequestId;
  RequestCodec.Draft request = new RequestCodec.Draft();
  int[] prompt = new int[0];
  /** Places of the samples of an accepted request. */
  int[] places = new int[0];
  MaskAnswer maskAnswer = MaskAnswer.READY;
  DeadExecutorMode deadMode = DeadExecutorMode.END;
  PauseMode pause = PauseMode.NONE;
  LiveCaps caps;
  FinishReason finishReason = FinishReason.LENGTH;
  PreemptReason preemptReason = PreemptReason.POLICY;
  final Drafts drafts = new Drafts();
  final Introduction introduction = new Introduction();
  final PlannedStep planned;
  final ReportedStep reported;
  private final PlannedReader plans;
  private final ReportedReader reports;

  Decoder(Journal journal) {
    this.journal = journal;
    limits = journal.setup().limits();
    caps = LiveCaps.of(limits);
    book = new SequenceBook(limits);
    vocabulary = new Vocabulary(journal.size());
    stopTokens = StopTokens.common(vocabulary.stopToken());
    planned = new PlannedStep(limits.maxNumSeqs());
    reported = new ReportedStep(limits);
    plans = new PlannedReader(book, introduction);
    reports = new ReportedReader(journal, book, vocabulary, this::tellStop);
  }

  /**
   * Reads the next record.
   *
   * @return its kind; null at the end, also where the file was cut off
   */
  @Nullable RecordKind next() throws JournalFormatException {
    while (in.isAtEnd()) {
      if (numSegmentsRead == journal.segments().size()) {
        return null;
      }
      segment = journal.segments().get(numSegmentsRead++);
      in = new RecordReader(segment.records(), 0, segment.records().length, segment.fileOffset());
      book.forgetRows();
      nowNanos = 0;
    }
    offset = segment.fileOffset() + in.position();
    try {
      return read();
    } catch (JournalFormatException e) {
      if (segment.isComplete()) {
        throw e;
      }
      in.seek(segment.records().length); // The rest of it was never written.
      return null;
    }
  }

  /** Is told of introductions within the rows of a plan, while they are read. */
  void onIntroduction(PlannedReader.IntroductionListener listener) {
    plans.setListener(listener);
  }

  /** Hears of tokens that end an output and fill a block. */
  interface StopListener {
    void onStop(int place, int token);
  }

  /** Is told of tokens that end an output and fill a block, while they are read. */
  void onStop(StopListener listener) {
    stopListener = listener;
  }

  private void tellStop(int at, int token) {
    stopListener.onStop(at, token);
  }

  /** Which tokens end outputs; before the first record. */
  void setStopTokens(StopTokens value) {
    stopTokens = value;
  }

  /** Requests read so far. */
  long numRequests() {
    return numRequests;
  }

  /** Where in the file the record begins, in bytes. */
  long offset() {
    return offset;
  }

  private RecordKind read() throws JournalFormatException {
    int code = in.octet();
    if (code < 1 || code > RecordKind.numKinds()) {
      throw in.broken("a record of kind " + code + ", there are 1 to " + RecordKind.numKinds());
    }
    RecordKind kind = RecordKind.of(code);
    switch (kind) {
      case ADD -> readAdd();
      case ABORT -> {
        readTime();
        requestId = in.signed();
      }
      case STOP -> {
        readTime();
        requestId = in.signed();
        sampleIndex = in.number("sampleIndex", limits.maxNumSeqs());
        numTokens = in.number("numTokensKept", limits.maxModelLen());
      }
      case UNBLOCK -> requestId = in.signed();
      case PLAN, SHUT_DOWN -> readTime();
      case MASK -> maskAnswer = in.constant("answer of a mask", ANSWERS);
      case UPDATE -> {
        readTime();
        reports.read(in, reported);
      }
      case DRAFT -> readTime();
      case DRAFT_LENGTH -> {
        index = in.number("index in the list", limits.maxNumHandles());
        numTokens = in.number("draft length", limits.maxNumDraftTokens());
      }
      case DRAFTS -> readDrafts();
      case DEAD -> {
        readTime();
        deadMode = in.constant("mode of a dead executor", DeadExecutorMode.values());
        book.retireAll();
      }
      case PAUSE -> pause = in.constant("pause", PauseMode.values());
      case CAPS -> readCaps();
      case RESET -> {
        readTime();
        flag = in.number("preemptRunning", 1) == 1;
      }
      case PIN, UNPIN -> block = in.number("block", journal.setup().spec().numBlocks() - 1);
      default -> readDecision(kind);
    }
    return kind;
  }

  private void readDecision(RecordKind kind) throws JournalFormatException {
    switch (kind) {
      case ACCEPTED -> readAccepted();
      case ADMITTED -> {
        readSequence();
        numTokens = in.number("cached tokens", limits.maxModelLen());
      }
      case PREEMPTED -> {
        readSequence();
        forRequestId = in.signed();
        preemptReason = in.constant("reason of a preemption", PreemptReason.values());
        numTokens = in.number("tokens to compute again", limits.maxModelLen());
        numBlocks = in.number("blocks released", journal.setup().spec().numBlocks());
      }
      case FINISHED -> {
        readSequence();
        finishReason = in.constant("reason of an end", FinishReason.values());
        numTokens = in.number("output tokens", limits.maxModelLen());
        book.finish(place);
      }
      case PLANNED -> {
        readTime();
        plans.read(in, planned);
      }
      default -> {
        place = readPlace();
        introduction.read(in, place, book);
      }
    }
  }

  private void readTime() throws JournalFormatException {
    nowNanos += in.signed();
  }

  private int readPlace() throws JournalFormatException {
    return in.number("place", book.maxNumPlaces - 1);
  }

  private void readSequence() throws JournalFormatException {
    readTime();
    place = readPlace();
    requestId = book.requestId[place];
    sampleIndex = book.sampleIndex[place];
  }

  private void readAdd() throws JournalFormatException {
    readTime();
    boolean isClear = journal.tokens() == TokenForm.CLEAR;
    request = RequestCodec.read(
        in, limits, journal.tokens(), stopTokens.ofRequest(++numRequests), nowNanos);
    int length = request.numPromptTokens;
    int blockSize = journal.setup().spec().blockSize();
    long numBytes = isClear ? length : 8L * (length / blockSize);
    if (length < 1 || numBytes > in.numLeft()) {
      throw in.broken("a prompt of " + length + " tokens, " + in.numLeft() + " bytes follow");
    }
    prompt = new int[length];
    for (int i = 0; i < length; i++) {
      if (isClear) {
        prompt[i] = in.number("token", limits.vocabularySize() - 1);
      } else if ((i + 1) % blockSize == 0) {
        prompt[i] = vocabulary.tokenOf(in.int64());
      }
    }
  }

  private void readAccepted() throws JournalFormatException {
    places = new int[request.numSamples];
    for (int sample = 0; sample < places.length; sample++) {
      places[sample] = readPlace();
      book.begin(places[sample], request.id, sample, request.numPromptTokens,
          request.hasStopTokens());
    }
  }

  private void readDrafts() throws JournalFormatException {
    index = in.number("index in the batch", limits.maxNumSeqs());
    place = readPlace();
    int head = in.count("number of drafts", 2 * limits.maxNumDraftTokens() + 1);
    boolean isTree = (head & 1) != 0;
    int numDrafts = head >> 1;
    int[] parents = new int[numDrafts];
    for (int i = 0; i < numDrafts; i++) {
      parents[i] = isTree ? in.number("parent of a draft", i) - 1 : i - 1;
    }
    drafts.clear();
    for (int i = 0; i < numDrafts; i++) {
      drafts.add(journal.tokens() == TokenForm.CLEAR
          ? in.number("draft", journal.setup().spec().vocabularySize() - 1) : hashedDraft(),
          parents[i]);
    }
  }

  private int hashedDraft() throws JournalFormatException {
    int flags = in.number("flags of a draft", ResultCodec.STOPS | ResultCodec.ENDS_BLOCK);
    boolean stops = (flags & ResultCodec.STOPS) != 0;
    if ((flags & ResultCodec.ENDS_BLOCK) == 0) {
      return stops ? vocabulary.stopToken() : 0;
    }
    int token = vocabulary.tokenOf(in.int64());
    if (stops) {
      stopListener.onStop(place, token);
    }
    return token;
  }

  private void readCaps() throws JournalFormatException {
    int maxNumSeqs = in.number("maxNumSeqs", limits.maxNumSeqs());
    int maxNumBatchedTokens = in.number("maxNumBatchedTokens", limits.maxNumBatchedTokens());
    caps = new LiveCaps(maxNumSeqs, maxNumBatchedTokens,
        in.number("maxNumWaiting", limits.maxNumWaiting()));
  }
}
