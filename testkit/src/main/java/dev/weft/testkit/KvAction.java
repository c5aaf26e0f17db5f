package dev.weft.testkit;

/**
 * One step of a random test of a KV cache. The numbers are read modulo what is possible, so every
 * action means something in every state; an action on a closed sequence opens it.
 *
 * @param sequence which sequence
 * @param amount   tokens, or which other sequence
 * @param choice   among variants
 */
record KvAction(Kind kind, int sequence, int amount, int choice) {
  /** What is done. */
  enum Kind {
    /** Match if it waits, then reserve the next positions and commit them. */
    SCHEDULE,
    /** Reserve without commit. */
    RESERVE,
    /** Reserve positions that were written before. */
    REWRITE,
    MATCH,
    COMMIT,
    UNCOMMIT,
    FORK,
    TRUNCATE,
    RELEASE,
    CLOSE,
    PIN,
    UNPIN,
    CLEAR,
    /** A call that a correct program never makes. */
    MISUSE
  }
}
