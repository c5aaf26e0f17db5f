package dev.weft.engine.journal;

import dev.weft.schedulerapi.Request;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says in each segment who a sequence is, where the segment first speaks of it: a reader may begin
 * there. Knows when each sequence was added and admitted.
 */
final class Introductions {
  /** Most bytes of one. */
  static final int MAX_SIZE = 128;
  static final int MAX_TENANT_LENGTH = 48;
  static final int HAS_STOP_TOKENS = 1;
  static final int IS_ADMITTED = 2;
  static final int ALL_FLAGS = 3;
  private static final long NEVER = Long.MIN_VALUE;
  private final SequenceBook book;
  private final @Nullable Request[] request;
  private final long[] addedNanos;
  private final long[] admittedNanos;
  private final long[] introducedIn;
  private long segment;

  Introductions(SequenceBook book) {
    this.book = book;
    request = new Request[book.maxNumPlaces];
    addedNanos = new long[book.maxNumPlaces];
    admittedNanos = new long[book.maxNumPlaces];
    introducedIn = new long[book.maxNumPlaces];
    Arrays.fill(introducedIn, -1);
  }

  /** From now on nobody is known. */
  void beginSegment(long number) {
    segment = number;
  }

  /** A sequence begins, perhaps in a record that tells all about it. */
  void begin(int place, Request added, long nowNanos, boolean isTold) {
    request[place] = added;
    addedNanos[place] = nowNanos;
    admittedNanos[place] = NEVER;
    introducedIn[place] = isTold ? segment : -1;
  }

  void admit(int place, long nowNanos) {
    if (admittedNanos[place] == NEVER) {
      admittedNanos[place] = nowNanos;
    }
  }

  void finish(int place) {
    request[place] = null;
  }

  /** The request of a live sequence. */
  Request request(int place) {
    return Objects.requireNonNull(request[place]);
  }

  boolean isMissing(int place) {
    return introducedIn[place] != segment;
  }

  /** Says who it is, from now on in this segment for good. */
  void write(int place, long nowNanos, RecordWriter out) {
    introducedIn[place] = segment;
    Request of = request(place);
    boolean isAdmitted = admittedNanos[place] != NEVER;
    out.octet((book.hasStopTokens[place] ? HAS_STOP_TOKENS : 0) | (isAdmitted ? IS_ADMITTED : 0));
    out.signed(of.id());
    out.number(book.sampleIndex[place]);
    out.number(of.sampling().numSamples());
    out.number(of.numPromptTokens());
    out.number(book.numTokens[place]);
    out.number(of.sampling().maxNewTokens());
    out.signed(of.priority());
    out.label(of.tenant(), MAX_TENANT_LENGTH);
    out.number(nowNanos - addedNanos[place]);
    if (isAdmitted) {
      out.number(nowNanos - admittedNanos[place]);
    }
  }
}
