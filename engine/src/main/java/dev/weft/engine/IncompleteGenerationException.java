package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import java.util.Objects;

/** What a consumer of tokens gets where an answer was cut off, instead of its ordinary end. */
public final class IncompleteGenerationException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final long requestId;
  private final int sampleIndex;
  private final FinishReason reason;

  IncompleteGenerationException(Generation generation, int sampleIndex) {
    super(message(generation, sampleIndex));
    requestId = generation.request().id();
    this.sampleIndex = sampleIndex;
    reason = Objects.requireNonNull(generation.reason(sampleIndex));
  }

  private static String message(Generation generation, int sampleIndex) {
    String text = "request " + generation.request().id() + " sample " + sampleIndex + ": ended by "
        + generation.reason(sampleIndex) + " after " + generation.numTokens(sampleIndex)
        + " tokens";
    return generation.message.isEmpty() ? text : text + ": " + generation.message;
  }

  public long requestId() {
    return requestId;
  }

  public int sampleIndex() {
    return sampleIndex;
  }

  /** Why it was cut off; never STOP or LENGTH. */
  public FinishReason reason() {
    return reason;
  }
}
