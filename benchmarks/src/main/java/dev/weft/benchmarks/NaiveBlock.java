package dev.weft.benchmarks;

import org.jspecify.annotations.Nullable;

/** A KV block of {@link NaivePool}. */
final class NaiveBlock {
  final int id;
  int numHolders;
  /** What it caches, if anything. */
  @Nullable NaiveKey key;

  NaiveBlock(int id) {
    this.id = id;
  }
}
