package dev.weft.examples.planted.engine;

import dev.weft.examples.planted.testkit.UsesSiblingToo;

/** What a part of the engine must not use, and itself wrong. */
public final class UsesTestkit {
  UsesSiblingToo testkit = new UsesSiblingToo();
}
