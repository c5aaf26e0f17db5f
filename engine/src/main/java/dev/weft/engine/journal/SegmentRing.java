package dev.weft.engine.journal;

import java.util.ArrayList;
import java.util.List;

/**
 * The records themselves: equal pieces of memory, taken at the start and filled one after another.
 * When the last one is full the first one is used again, so that the oldest records go. Each piece
 * can be understood without those before it.
 */
final class SegmentRing {
  private final byte[][] segments;
  private final int[] lengths;
  private final RecordWriter out;
  private long firstNumber;
  private long number;
  private boolean isFresh = true;

  SegmentRing(int numSegments, int segmentSize) {
    segments = new byte[numSegments][segmentSize];
    lengths = new int[numSegments];
    out = new RecordWriter(segments[0]);
  }

  /** Where to write; valid until the next {@link #reserve}. */
  RecordWriter out() {
    return out;
  }

  /** Counts the segments since the start, from 0. */
  long number() {
    return number;
  }

  /** True while the first record is still here. */
  boolean isWhole() {
    return firstNumber == 0;
  }

  int segmentSize() {
    return segments[0].length;
  }

  /** Bytes of records that are kept now. */
  long size() {
    long size = out.position;
    for (long each = firstNumber; each < number; each++) {
      size += lengths[slot(each)];
    }
    return size;
  }

  /**
   * Makes room for a record of at most so many bytes, which is no more than a segment has.
   *
   * @return true when a segment begins, so that nothing before may be referred to
   */
  boolean reserve(int maxSize) {
    if (out.bytes.length - out.position < maxSize) {
      beginSegment();
    }
    boolean isNew = isFresh;
    isFresh = false;
    return isNew;
  }

  /** Forgets everything, because a record cannot be kept and those before make no sense alone. */
  void forget() {
    beginSegment();
    firstNumber = number;
  }

  private void beginSegment() {
    lengths[slot(number)] = out.position;
    number++;
    firstNumber = Math.max(firstNumber, number - segments.length + 1);
    out.bytes = segments[slot(number)];
    out.position = 0;
    isFresh = true;
  }

  private int slot(long segment) {
    return (int) (segment % segments.length);
  }

  /** Copies of all that is kept, the oldest first. */
  List<Segment> copy() {
    List<Segment> copies = new ArrayList<>();
    for (long each = firstNumber; each <= number; each++) {
      int length = each == number ? out.position : lengths[slot(each)];
      byte[] bytes = new byte[length];
      System.arraycopy(segments[slot(each)], 0, bytes, 0, length);
      copies.add(new Segment(each, bytes, 0, true));
    }
    return copies;
  }
}
