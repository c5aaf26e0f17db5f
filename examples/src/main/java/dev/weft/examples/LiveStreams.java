package dev.weft.examples;

import java.util.Arrays;
import java.util.List;

/** The texts of a few requests as they grow; where one has ended, another takes its lane. */
final class LiveStreams {
  private static final int NUM_LANES = 3;
  private static final int NONE = -1;

  private final List<TimedRequest> requests;
  private final ServedOutputs served;
  private final AustenTokenizer tokenizer;
  private final int[] lanes = new int[NUM_LANES];
  private int nextRequest;

  LiveStreams(List<TimedRequest> requests, ServedOutputs served, AustenTokenizer tokenizer) {
    this.requests = requests;
    this.served = served;
    this.tokenizer = tokenizer;
    Arrays.fill(lanes, NONE);
  }

  int numLanes() {
    return NUM_LANES;
  }

  /** Gives the lanes of ended requests to others that have begun. */
  void refill() {
    for (int lane = 0; lane < NUM_LANES; lane++) {
      if (lanes[lane] == NONE || served.isFinished(lanes[lane])) {
        lanes[lane] = nextRunning();
      }
    }
  }

  private int nextRunning() {
    while (nextRequest < requests.size() && served.isFinished(nextRequest)) {
      nextRequest++;
    }
    boolean hasBegun = nextRequest < requests.size()
        && served.sample(nextRequest, 0).numTokens() > 0;
    return hasBegun ? nextRequest++ : NONE;
  }

  /** The end of a lane's text on one line of printable characters; empty when nobody has it. */
  String tail(int lane, int numColumns) {
    int id = lanes[lane];
    if (id == NONE) {
      return "";
    }
    String name = String.format("#%-2d ", id);
    String text = printable(tokenizer.decode(served.sample(id, 0).tokens()));
    int room = numColumns - name.length();
    return name + (text.length() <= room ? text : "..." + text.substring(text.length() - room + 3));
  }

  /** A character whose last byte is still to come is shown when it has come. */
  private static String printable(String text) {
    return text.replaceFirst("\uFFFD+$", "").replaceAll("[\\p{Cntrl}\\s]+", " ");
  }
}
