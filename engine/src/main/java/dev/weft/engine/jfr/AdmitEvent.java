package dev.weft.engine.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A sequence got its first row since it began to wait. */
@Name("dev.weft.Admit")
@Label("Admit")
@Category({"Weft", "Scheduler"})
@Description("A sequence got its first row since it began to wait")
@StackTrace(false)
final class AdmitEvent extends Event {
  @Label("Request Id") long requestId;
  @Label("Sample") int sampleIndex;
  @Label("Cached Tokens") @Description("Tokens adopted from the prefix cache") int numCachedTokens;
}
