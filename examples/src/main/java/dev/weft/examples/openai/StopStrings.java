package dev.weft.examples.openai;

import java.util.List;

/**
 * Cuts a text off where the first of some strings is complete, however the text is split into
 * pieces. What could still become part of a stop string is held back.
 *
 * <p>The match that ends first counts; of several that end there the longest, which is cut off
 * whole. Cost per character O(length of all stop strings).
 */
final class StopStrings {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean isFound;

  /** @param stops well-formed strings, none of them empty; no string for a text that never stops */
  StopStrings(List<String> stops) {
    this.stops = stops;
  }

  /** True when a stop string is complete: the text has ended before it. */
  boolean isFound() {
    return isFound;
  }

  /** Takes a piece in and gives back what is now sure to belong to the text. */
  String append(String piece) {
    if (isFound) {
      return "";
    }
    int begin = held.length();
    held.append(piece);
    for (int end = begin + 1; end <= held.length(); end++) {
      int length = longestStopEndingAt(end);
      if (length > 0) {
        isFound = true;
        return held.substring(0, end - length);
      }
    }
    return release(held.length() - longestBeginOfAStop());
  }

  /** No piece comes any more: gives back all that was held. */
  String end() {
    return isFound ? "" : release(held.length());
  }

  private String release(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }

  private int longestStopEndingAt(int end) {
    int longest = 0;
    for (String stop : stops) {
      if (stop.length() > longest && isAt(end - stop.length(), stop, stop.length())) {
        longest = stop.length();
      }
    }
    return longest;
  }

  /** The length of the longest end of the held text with which a stop string begins. */
  private int longestBeginOfAStop() {
    int longest = 0;
    for (String stop : stops) {
      for (int length = stop.length() - 1; length > longest; length--) {
        if (isAt(held.length() - length, stop, length)) {
          longest = length;
        }
      }
    }
    return longest;
  }

  private boolean isAt(int offset, String stop, int length) {
    if (offset < 0) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (held.charAt(offset + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
