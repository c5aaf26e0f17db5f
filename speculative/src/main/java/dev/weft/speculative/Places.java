package dev.weft.speculative;

import java.util.Arrays;

/**
 * Gives sequences, which are known by their handles, places of 0 to a limit for what is kept of
 * them. The place given back last is given first, as what is kept there is warm. All O(1); memory 4
 * bytes for the highest handle seen and for each place.
 */
final class Places {
  static final int NONE = -1;

  /** By handle, plus 1, so that 0 is none. */
  private int[] places = new int[64];
  /** The free ones, the first to be given last. */
  private final int[] free;
  private int numFree;

  Places(int maxNumSequences) {
    free = new int[maxNumSequences];
    numFree = maxNumSequences;
    for (int i = 0; i < maxNumSequences; i++) {
      free[i] = maxNumSequences - 1 - i;
    }
  }

  /** The place of the sequence, or {@link #NONE}. */
  int find(int handle) {
    return handle < places.length ? places[handle] - 1 : NONE;
  }

  /** Gives a sequence that has no place one; {@link #NONE} when there is none left. */
  int take(int handle) {
    if (numFree == 0) {
      return NONE;
    }
    if (handle >= places.length) {
      places = Arrays.copyOf(places, Math.max(handle + 1, 2 * places.length));
    }
    int place = free[--numFree];
    places[handle] = place + 1;
    return place;
  }

  /** The sequence needs its place no more; nothing happens when it has none. */
  void giveBack(int handle) {
    int place = find(handle);
    if (place != NONE) {
      places[handle] = 0;
      free[numFree++] = place;
    }
  }
}
