package dev.weft.testkit;

/** How far a cache under test must agree with {@link KvCacheModel}. */
public enum KvAgreement {
  /** Only with itself: its books, its predictions and its events. */
  BOOKS,
  /** Also in what is granted, found, free and evicted. */
  COUNTS,
  /** Also in the id of every block that is handed out, and in every event. */
  BLOCK_IDS
}
