package dev.weft.engine.journal;

import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;

/** The recorder's side of a {@link SequenceBook}: which place is free, and whose is which. */
final class Places {
  static final int NONE = -1;
  private final SequenceBook book;
  private final int[] nextSample;
  private final int[] numLive;
  private final int[] free;
  private int numFree;
  private final Long2LongHashMap firstSample;

  Places(SequenceBook book) {
    this.book = book;
    nextSample = new int[book.maxNumPlaces];
    numLive = new int[book.maxNumPlaces];
    free = new int[book.maxNumPlaces];
    Arrays.setAll(free, i -> book.maxNumPlaces - 1 - i);
    numFree = book.maxNumPlaces;
    firstSample = new Long2LongHashMap(book.maxNumPlaces, 0.5f, NONE);
  }

  /** Takes a place for each sample of a request; returns that of the first. */
  int open(long id, int numSamples) {
    int first = free[numFree - 1];
    for (int sample = 0; sample < numSamples; sample++) {
      int place = free[--numFree];
      nextSample[place] = sample + 1 < numSamples ? free[numFree - 1] : NONE;
    }
    numLive[first] = numSamples;
    firstSample.put(id, first);
    return first;
  }

  /** Place of the next sample of the same request, or NONE. */
  int next(int place) {
    return nextSample[place];
  }

  int find(long id, int sample) {
    int place = (int) firstSample.get(id);
    for (int i = 0; i < sample; i++) {
      place = nextSample[place];
    }
    return place;
  }

  /** A sequence has ended; the places of its request come free with the last one. */
  void close(int place) {
    long id = book.requestId[place];
    int first = (int) firstSample.get(id);
    if (--numLive[first] == 0) {
      firstSample.remove(id);
      for (int each = first; each != NONE; each = nextSample[each]) {
        free[numFree++] = each;
      }
    }
  }
}
