package dev.weft.testkit;

import org.jspecify.annotations.Nullable;

/** A block of a {@link KvCacheModel}. */
final class KvModelBlock {
  final int id;
  int numHolders;
  int numPins;
  /** What can be found in it, null for nothing. */
  @Nullable KvModelPrefix prefix;

  KvModelBlock(int id) {
    this.id = id;
  }

  boolean isFree() {
    return numHolders == 0 && numPins == 0;
  }
}
