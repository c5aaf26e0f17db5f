package dev.weft.engine.journal;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.Verification;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * The file around the records. All numbers of fixed size have their lowest byte first.
 *
 * <pre>
 *   8 bytes  "WEFTLOG" and the version, 1
 *   4        length of the header; 4 its CRC-32C; then the header: setup and form of the tokens
 *   segments 4 bytes "SEGM", 8 number, 4 length, 4 CRC-32C; then the records
 * </pre>
 */
final class JournalFile {
  static final int VERSION = 1;
  private static final byte[] MAGIC = {'W', 'E', 'F', 'T', 'L', 'O', 'G', VERSION};
  private static final int SEGMENT_MARK = 0x4d474553;
  private static final int HEAD_SIZE = MAGIC.length + 8;
  private static final int SEGMENT_HEAD_SIZE = 20;
  private static final int MAX_HEADER_SIZE = 1 << 20;
  private static final int MAX_NUM_LABELS = 64;

  private JournalFile() {}

  // ---- writing

  static void write(Path file, JournalSetup setup, TokenForm form, List<Segment> segments)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      RecordWriter header = new RecordWriter(new byte[MAX_HEADER_SIZE]);
      writeHeader(setup, form, header);
      RecordWriter head = new RecordWriter(new byte[HEAD_SIZE]);
      System.arraycopy(MAGIC, 0, head.bytes, 0, MAGIC.length);
      head.position = MAGIC.length;
      head.int32(header.position);
      head.int32(checkSum(header.bytes, 0, header.position));
      out.write(head.bytes);
      out.write(header.bytes, 0, header.position);
      for (Segment segment : segments) {
        RecordWriter start = new RecordWriter(new byte[SEGMENT_HEAD_SIZE]);
        start.int32(SEGMENT_MARK);
        start.int64(segment.number());
        start.int32(segment.records().length);
        start.int32(checkSum(segment.records(), 0, segment.records().length));
        out.write(start.bytes);
        out.write(segment.records());
      }
    }
  }

  private static int checkSum(byte[] bytes, int start, int length) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, start, length);
    return (int) sum.getValue();
  }

  private static void writeHeader(JournalSetup setup, TokenForm form, RecordWriter out) {
    SchedulerLimits limits = setup.limits();
    ExecutorSpec spec = setup.spec();
    out.number(form.ordinal());
    out.int64(setup.seed());
    for (int value : new int[] {limits.maxNumWaiting(), limits.maxNumSeqs(),
        limits.maxNumBatchedTokens(), limits.maxModelLen(), limits.vocabularySize(),
        limits.maxInFlight(), limits.maxNumAdapters(), limits.numExtraRowTokens(),
        limits.numLookaheadTokens(), limits.maxNumDraftTokens(), limits.maxNumEmptySteps(),
        spec.vocabularySize(), spec.maxModelLen(), spec.blockSize(), spec.numBlocks(),
        spec.numSlots(), spec.maxNumRows(), spec.maxNumBatchedTokens(), spec.maxNumDraftTokens(),
        spec.maxInFlight(), spec.maxNumLogprobs() + 1, spec.kvKind().ordinal(), spec.chunkUnit(),
        (spec.mixesPrefillAndDecode() ? 1 : 0) | (spec.supportsMasks() ? 2 : 0)
            | (spec.supportsAdapters() ? 4 : 0) | (spec.supportsBlockCopies() ? 8 : 0)
            | (spec.verifiesTrees() ? 16 : 0)
            | (spec.verifications().contains(Verification.REJECTION) ? 32 : 0)
            | (spec.verifications().contains(Verification.TYPICAL) ? 64 : 0)
            | (spec.isDeterministic() ? 128 : 0)}) {
      out.number(value);
    }
    Map<String, String> labels = new TreeMap<>(setup.labels());
    out.number(labels.size());
    labels.forEach((name, value) -> {
      out.text(name);
      out.text(value);
    });
  }

  // ---- reading

  /** @throws JournalFormatException saying where and what is wrong */
  static Journal read(Path file) throws IOException {
    long size = Files.size(file);
    if (size > Integer.MAX_VALUE - 8) {
      throw new JournalFormatException(0,
          "the file has " + size + " bytes, no journal has so many");
    }
    return read(Files.readAllBytes(file));
  }

  static Journal read(byte[] bytes) throws JournalFormatException {
    checkMagic(bytes);
    RecordReader in = new RecordReader(bytes, MAGIC.length, bytes.length, 0);
    if (in.numLeft() < 8) {
      throw in.broken("the file ends before its header");
    }
    int length = in.int32();
    int sum = in.int32();
    if (length < 0 || length > Math.min(MAX_HEADER_SIZE, in.numLeft())) {
      throw in.broken("the header has " + length + " bytes, " + in.numLeft() + " follow");
    }
    if (checkSum(bytes, HEAD_SIZE, length) != sum) {
      throw in.broken("the header is damaged: its check sum is another one");
    }
    RecordReader header = new RecordReader(bytes, HEAD_SIZE, HEAD_SIZE + length, 0);
    TokenForm form = header.constant("form of the tokens", TokenForm.values());
    JournalSetup setup = readSetup(header);
    return new Journal(setup, form, readSegments(bytes, HEAD_SIZE + length));
  }

  private static void checkMagic(byte[] bytes) throws JournalFormatException {
    int last = MAGIC.length - 1;
    for (int i = 0; i < last; i++) {
      if (i >= bytes.length || bytes[i] != MAGIC[i]) {
        throw new JournalFormatException(i, "this is no journal: it does not begin with WEFTLOG");
      }
    }
    if (bytes.length <= last || bytes[last] != VERSION) {
      throw new JournalFormatException(last, "the journal is of version "
          + (bytes.length <= last ? "nothing" : bytes[last]) + ", this code reads " + VERSION);
    }
  }

  private static JournalSetup readSetup(RecordReader in) throws JournalFormatException {
    long seed = in.int64();
    try {
      SchedulerLimits limits = new SchedulerLimits(next(in), next(in), next(in), next(in), next(in),
          next(in), next(in), next(in), next(in), next(in), next(in));
      ExecutorSpec spec = readSpec(in);
      Map<String, String> labels = new TreeMap<>();
      int numLabels = in.count("number of labels", MAX_NUM_LABELS);
      for (int i = 0; i < numLabels; i++) {
        String name = in.text();
        labels.put(name, in.text());
      }
      return new JournalSetup(limits, spec, seed, labels);
    } catch (IllegalArgumentException e) {
      throw in.broken("the header makes no sense: " + e.getMessage());
    }
  }

  private static ExecutorSpec readSpec(RecordReader in) throws JournalFormatException {
    int vocabularySize = next(in);
    int maxModelLen = next(in);
    int blockSize = next(in);
    int numBlocks = next(in);
    int numSlots = next(in);
    int maxNumRows = next(in);
    int maxNumBatchedTokens = next(in);
    int maxNumDraftTokens = next(in);
    int maxInFlight = next(in);
    int maxNumLogprobs = next(in) - 1;
    KvKind kvKind = in.constant("kvKind", KvKind.values());
    int chunkUnit = next(in);
    int flags = in.number("flags of the executor", 255);
    Set<Verification> verifications = EnumSet.of(Verification.COUPLED);
    if ((flags & 32) != 0) {
      verifications.add(Verification.REJECTION);
    }
    if ((flags & 64) != 0) {
      verifications.add(Verification.TYPICAL);
    }
    return new ExecutorSpec(vocabularySize, maxModelLen, blockSize, numBlocks, numSlots, maxNumRows,
        maxNumBatchedTokens, maxNumDraftTokens, maxInFlight, maxNumLogprobs, kvKind,
        (flags & 1) != 0, chunkUnit, (flags & 2) != 0, (flags & 4) != 0, (flags & 16) != 0,
        verifications, (flags & 8) != 0, (flags & 128) != 0);
  }

  private static int next(RecordReader in) throws JournalFormatException {
    return in.number("a number of the setup", Integer.MAX_VALUE);
  }

  /** Of a segment that the file does not hold wholly, what is there; nothing can follow it. */
  private static List<Segment> readSegments(byte[] bytes, int start)
      throws JournalFormatException {
    List<Segment> segments = new ArrayList<>();
    int at = start;
    while (bytes.length - at >= SEGMENT_HEAD_SIZE) {
      RecordReader in = new RecordReader(bytes, at, at + SEGMENT_HEAD_SIZE, 0);
      if (in.int32() != SEGMENT_MARK) {
        throw in.broken("no segment begins here");
      }
      long number = in.int64();
      int length = in.int32();
      int sum = in.int32();
      at += SEGMENT_HEAD_SIZE;
      if (length < 0 || number < 0
          || (!segments.isEmpty() && number != segments.get(segments.size() - 1).number() + 1)) {
        throw in.broken("segment " + number + " of " + length + " bytes makes no sense here");
      }
      boolean isComplete = length <= bytes.length - at;
      if (isComplete && checkSum(bytes, at, length) != sum) {
        throw in.broken("segment " + number + " is damaged: its check sum is another one");
      }
      int kept = Math.min(length, bytes.length - at);
      byte[] records = new byte[kept];
      System.arraycopy(bytes, at, records, 0, kept);
      segments.add(new Segment(number, records, at, isComplete));
      at += kept;
    }
    return segments;
  }
}
