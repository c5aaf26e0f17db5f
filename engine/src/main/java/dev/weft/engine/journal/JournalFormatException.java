package dev.weft.engine.journal;

import java.io.IOException;

/** A file is no journal, is damaged, or is of a version that this code cannot read. */
public final class JournalFormatException extends IOException {
  private static final long serialVersionUID = 1;

  /** @param offset where in the file, in bytes from its start */
  JournalFormatException(long offset, String message) {
    super("at byte " + offset + ": " + message);
  }
}
