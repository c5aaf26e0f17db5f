package dev.weft.examples.planted.micrometer;

import dev.weft.examples.planted.pagedkv.Sibling;

/** Metrics that look into what they should only be told of. */
public final class UsesScheduler {
  Sibling sibling = new Sibling();
}
