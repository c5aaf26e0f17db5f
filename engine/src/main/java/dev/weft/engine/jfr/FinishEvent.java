package dev.weft.engine.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A sequence ended. */
@Name("dev.weft.Finish")
@Label("Finish")
@Category({"Weft", "Scheduler"})
@Description("A sequence ended")
@StackTrace(false)
final class FinishEvent extends Event {
  @Label("Request Id") long requestId;
  @Label("Sample") int sampleIndex;
  @Label("Reason") @Nullable String reason;
  @Label("Output Tokens") int numOutputTokens;
}
