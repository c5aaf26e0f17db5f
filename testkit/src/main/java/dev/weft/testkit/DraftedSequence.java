package dev.weft.testkit;

import dev.weft.schedulerapi.RequestHints;

/** A sequence of a {@link DraftLengthRun}: it decodes, and nothing else ever happens to it. */
final class DraftedSequence extends PlainSequence {
  final long requestId;
  final int numPromptTokens;
  final int maxNumDraftTokens;
  final RequestHints hints;
  int numTokens;
  int length;
  int numDrafts;
  int numAccepted;

  DraftedSequence(int handle, long requestId, int numPromptTokens, int maxNumDraftTokens,
      RequestHints hints) {
    super(handle);
    this.requestId = requestId;
    this.numPromptTokens = numPromptTokens;
    this.maxNumDraftTokens = maxNumDraftTokens;
    this.hints = hints;
    numTokens = numPromptTokens + 1;
  }

  @Override public long requestId() {
    return requestId;
  }

  @Override public RequestHints hints() {
    return hints;
  }

  @Override public int numPromptTokens() {
    return numPromptTokens;
  }

  @Override public int numTokens() {
    return numTokens;
  }
}
