package dev.weft.benchmarks;

import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Spans the minute in which everything counts, so that events before and after can be told. */
@Name(MinuteEvent.NAME)
@Label("Measured Minute")
@StackTrace(false)
final class MinuteEvent extends jdk.jfr.Event {
  static final String NAME = "dev.weft.Minute";
}
