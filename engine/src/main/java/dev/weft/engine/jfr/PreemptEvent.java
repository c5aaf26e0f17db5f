package dev.weft.engine.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A sequence lost its KV blocks. */
@Name("dev.weft.Preempt")
@Label("Preempt")
@Category({"Weft", "Scheduler"})
@Description("A sequence lost its KV blocks and waits again")
@StackTrace(false)
final class PreemptEvent extends Event {
  @Label("Request Id") long requestId;
  @Label("Sample") int sampleIndex;
  @Label("For Request Id") @Description("Who did not fit, -1 for nobody in particular")
  long forRequestId;
  @Label("Reason") @Nullable String reason;
  @Label("Tokens to Recompute") int numTokensToRecompute;
  @Label("Blocks Released") int numBlocksReleased;
}
