package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.WeftEngine;
import dev.weft.engine.WeftEngineBuilder;
import dev.weft.examples.slots.SlotEngine;
import dev.weft.examples.slots.SlotEngineExecutor;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerStats;

/**
 * An engine that exists already: {@link SlotEngine} knows nothing of Weft, has a few fixed slots,
 * and computes prompts and single tokens by different calls. {@link SlotEngineExecutor} puts it
 * behind the scheduler; docs/own-executor.md shows it whole.
 */
public final class Example17SlotEngine {
  private static final int NUM_SLOTS = 3;
  private static final int MAX_TOKENS = 128;

  private Example17SlotEngine() {}

  /** Prints what four requests get of an engine with three slots; a token is a letter. */
  public static void main(String... arguments) throws InterruptedException {
    SlotEngineExecutor executor = new SlotEngineExecutor(
        new SlotEngine(NUM_SLOTS, MAX_TOKENS), NUM_SLOTS, MAX_TOKENS);
    String[] prompts = {"Polly wants a cracker. Po", "to be or not to be or no", "one two one t",
        "She sells sea shells. She s"};
    try (WeftEngine engine = WeftEngine.builder(executor)
        // By default half of the slots rest between two sequences; here slots are scarce.
        .limits(WeftEngineBuilder.limitsFor(executor.spec()).maxNumSeqs(NUM_SLOTS).build())
        .build()) {
      Generation[] generations = new Generation[prompts.length];
      for (int i = 0; i < prompts.length; i++) {
        generations[i] = engine.submit(
            Request.builder(engine.nextRequestId(), prompts[i].chars().toArray())
                .sampling(SamplingParameters.greedy(24)).build()).generation();
      }
      engine.runUntilIdle();
      for (int i = 0; i < prompts.length; i++) {
        System.out.println(prompts[i] + "|"
            + new String(generations[i].await().tokens(0), 0, generations[i].numTokens(0)));
      }
      SchedulerStats stats = engine.stats();
      System.out.println(stats.numScheduledTokens() + " tokens in " + stats.numSteps()
          + " steps, none of them computed twice: " + (stats.numRecomputedTokens() == 0));
    }
  }
}
