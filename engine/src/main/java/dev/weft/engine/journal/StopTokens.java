package dev.weft.engine.journal;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Which made-up tokens end the outputs of which request, in a journal of hashes. One token does for
 * all requests, unless the last token of an output also fills a KV block: that block may be found
 * by a later prompt, so its token must be the one of its hash.
 */
final class StopTokens {
  private static final int MAX_NUM_OF_REQUEST = 64;
  private final int common;
  private final Map<Long, int[]> ofRequest = new HashMap<>();

  private StopTokens(int common) {
    this.common = common;
  }

  /** The common one alone. */
  static StopTokens common(int token) {
    return new StopTokens(token);
  }

  /** Reads a whole journal for what is said of stops after the request is. */
  static StopTokens of(Journal journal) throws JournalFormatException {
    Decoder decoder = new Decoder(journal);
    StopTokens stops = new StopTokens(decoder.vocabulary.stopToken());
    long[] requestAt = new long[decoder.book.maxNumPlaces];
    decoder.onStop((place, token) -> stops.add(requestAt[place], token));
    for (RecordKind kind = decoder.next(); kind != null; kind = decoder.next()) {
      if (kind == RecordKind.ACCEPTED) {
        for (int place : decoder.places) {
          requestAt[place] = decoder.numRequests();
        }
      }
    }
    return stops;
  }

  private void add(long request, int token) {
    int[] tokens = ofRequest(request);
    boolean isKnown = Arrays.stream(tokens).anyMatch(each -> each == token);
    if (!isKnown && tokens.length < MAX_NUM_OF_REQUEST) {
      int[] more = Arrays.copyOf(tokens, tokens.length + 1);
      more[tokens.length] = token;
      ofRequest.put(request, more);
    }
  }

  /** Of the request with that number, counted from 1 in the order of the journal. */
  int[] ofRequest(long number) {
    return ofRequest.getOrDefault(number, new int[] {common});
  }
}
