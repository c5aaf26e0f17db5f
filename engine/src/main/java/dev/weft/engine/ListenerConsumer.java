package dev.weft.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Tells one listener the output of a request. */
final class ListenerConsumer extends SerialConsumer {
  private static final Logger LOGGER = System.getLogger(WeftEngine.class.getName());
  private final Generation generation;
  private final TokenListener listener;
  private final SampleCursor cursor;
  private boolean isDone;

  ListenerConsumer(Generation generation, TokenListener listener) {
    this.generation = generation;
    this.listener = listener;
    cursor = new SampleCursor(generation);
  }

  @Override void work() {
    if (isDone) {
      return;
    }
    try {
      tell();
    } catch (Throwable e) { // Also checked ones, which other languages throw undeclared.
      isDone = true;
      generation.cancel();
      LOGGER.log(Level.WARNING, "request " + generation.request().id()
          + ": its listener threw, so it is cancelled", e);
    }
  }

  private void tell() {
    GenerationResult result = generation.result(); // Before the tokens: then they are all.
    while (cursor.next()) {
      listener.onToken(cursor.sampleIndex(), cursor.outputIndex(), cursor.token());
    }
    if (result != null) {
      isDone = true;
      listener.onEnd(result);
    }
  }
}
