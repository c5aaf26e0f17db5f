package dev.weft.engine.journal;

import dev.weft.schedulerapi.Request;
import java.nio.charset.StandardCharsets;

/** The hashes of the growing token sequences of a recorder, by place. */
final class TokenHashes {
  private final SipHash hash;
  private final int blockSize;
  private final int prompt;
  private final int drafts;
  private final int scratch;

  TokenHashes(int numPlaces, int blockSize, long firstKey, long secondKey) {
    this.blockSize = blockSize;
    prompt = numPlaces;
    drafts = numPlaces + 1;
    scratch = numPlaces + 2;
    hash = new SipHash(numPlaces + 3, firstKey, secondKey);
  }

  /** Writes the hashes of the full blocks of a prompt, and keeps its state for {@link #begin}. */
  void prompt(Request request, RecordWriter out) {
    hash.reset(prompt);
    int numTokens = request.numPromptTokens();
    for (int i = 0; i < numTokens; i++) {
      hash.add(prompt, request.promptToken(i));
      if (isBlockEnd(i + 1)) {
        out.int64(hash.value(prompt, i + 1, scratch));
      }
    }
  }

  /** A sample of the request whose prompt was hashed last begins. */
  void begin(int place) {
    hash.copy(prompt, place);
  }

  boolean isBlockEnd(int numTokens) {
    return numTokens % blockSize == 0;
  }

  void add(int place, int token) {
    hash.add(place, token);
  }

  long value(int place, int numTokens) {
    return hash.value(place, numTokens, scratch);
  }

  /** Drafts for a sequence follow. */
  void beginDrafts(int place) {
    hash.copy(place, drafts);
  }

  void addDraft(int token) {
    hash.add(drafts, token);
  }

  /** What the value would be if all drafts so far were accepted. */
  long draftValue(int numTokens) {
    return hash.value(drafts, numTokens, scratch);
  }

  /** Hash of a name under the same key. */
  long ofText(String text) {
    hash.reset(drafts);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (byte each : bytes) {
      hash.add(drafts, each);
    }
    return hash.value(drafts, bytes.length, scratch);
  }
}
