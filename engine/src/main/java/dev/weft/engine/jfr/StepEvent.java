package dev.weft.engine.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Percentage;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** One step, from the time it was planned to the time its result was applied. */
@Name("dev.weft.Step")
@Label("Step")
@Category({"Weft", "Scheduler"})
@Description("One forward pass, from being planned until its result was applied")
@StackTrace(false)
final class StepEvent extends Event {
  @Label("Step Id") long stepId;
  @Label("Rows") @Description("Sequences that the step computes") int numRows;
  @Label("Tokens") @Description("Tokens of all rows, drafts included") int numTokens;
  @Label("Sampled Rows") int numSampledRows;
  @Label("Draft Tokens") int numDraftTokens;
  @Label("Running") @Description("Sequences that hold KV blocks") int numRunning;
  @Label("Waiting") int numWaiting;
  @Label("Steps in Flight") int numInFlight;
  @Label("KV Blocks Held") @Percentage double kvUsage;
  @Label("Device Time") @Timespan(Timespan.NANOSECONDS) long deviceNanos;
  @Label("Completed") @Description("False when the step failed") boolean isCompleted;
}
