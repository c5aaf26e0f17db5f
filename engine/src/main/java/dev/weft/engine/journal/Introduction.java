package dev.weft.engine.journal;

/** Who a sequence is, as a segment says where it first speaks of it. */
final class Introduction {
  int numSamples;
  int maxNewTokens;
  int priority;
  String tenant = "";
  /** How long ago it was added and admitted; -1 when it is not admitted. */
  long addedAgoNanos;
  long admittedAgoNanos;

  /** Reads one and enters it in the book. */
  void read(RecordReader in, int place, SequenceBook book) throws JournalFormatException {
    int flags = in.number("flags of an introduction", Introductions.ALL_FLAGS);
    book.requestId[place] = in.signed();
    book.sampleIndex[place] = in.number("sampleIndex", book.maxNumRows);
    numSamples = in.number("numSamples", book.maxNumRows);
    book.numPrompt[place] = in.number("numPromptTokens", 1 << 24);
    book.numTokens[place] = in.number("numTokens", 1 << 25);
    book.hasStopTokens[place] = (flags & Introductions.HAS_STOP_TOKENS) != 0;
    maxNewTokens = in.number("maxNewTokens", Integer.MAX_VALUE);
    priority = in.signedInt("priority");
    tenant = in.text();
    addedAgoNanos = in.number();
    admittedAgoNanos = (flags & Introductions.IS_ADMITTED) != 0 ? in.number() : -1;
  }
}
