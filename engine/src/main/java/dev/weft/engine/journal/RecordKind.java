package dev.weft.engine.journal;

/**
 * What one record of a journal says. A record is one byte, 1 + the ordinal, and then its fields;
 * zero is none of them, so that unwritten memory ends a journal.
 */
enum RecordKind {
  // ---- inputs: what the replayer does
  ADD, ABORT, STOP, UNBLOCK, PLAN, MASK, UPDATE, DRAFT, DRAFT_LENGTH, DRAFTS, DEAD, PAUSE, CAPS,
  RESET, SHUT_DOWN, PIN, UNPIN,
  // ---- decisions: what the replayer compares
  ACCEPTED, ADMITTED, PREEMPTED, FINISHED, PLANNED,
  // ---- neither: what a reader must know that did not read from the beginning
  INTRODUCTION;

  private static final RecordKind[] KINDS = values();

  /** The kind of a first byte, 1 to {@code numKinds()}. */
  static RecordKind of(int code) {
    return KINDS[code - 1];
  }

  static int numKinds() {
    return KINDS.length;
  }

  int code() {
    return ordinal() + 1;
  }

  boolean isInput() {
    return ordinal() < ACCEPTED.ordinal();
  }
}
