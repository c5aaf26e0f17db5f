package dev.weft.examples.planted.testkit;

import dev.weft.examples.planted.pagedkv.Sibling;

/** What an engine must not use, and itself wrong. */
public final class UsesSiblingToo {
  Sibling sibling = new Sibling();
}
