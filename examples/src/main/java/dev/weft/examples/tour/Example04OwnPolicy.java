package dev.weft.examples.tour;

import static dev.weft.schedulerapi.Grant.NO_BLOCKS;
import static dev.weft.schedulerapi.Grant.NO_TOKENS;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.WaitingOrder;
import dev.weft.simulator.PolicyCheck;
import dev.weft.simulator.PolicyReport;

/**
 * My own policy: the shortest prompt first. All that a policy does is to ask for rows; whatever it
 * asks for, nothing breaks, but it can be slow, unfair or stuck. {@link PolicyCheck} finds out, in
 * simulated runs with all that can happen to a scheduler, and measures it as a server: ask for
 * all pending tokens instead of those that can be granted, and the check names runs that get stuck.
 * An engine takes the policy with {@code WeftEngine.builder(executor).policy(new
 * ShortestPromptFirst())}.
 */
public final class Example04OwnPolicy {
  private static final int NUM_SEEDS = 100;

  private Example04OwnPolicy() {}

  /** Prints what the check says of this policy, and what it costs whom. */
  public static void main(String... arguments) {
    PolicyReport own = PolicyCheck.run(ShortestPromptFirst::new, NUM_SEEDS);
    PolicyReport usual = PolicyCheck.run(ContinuousBatchingPolicy::fcfs, NUM_SEEDS);
    System.out.println("shortest prompt first:\n" + own.orThrow());
    System.out.println("first come, first served:\n" + usual.orThrow());
    System.out.printf("99 of 100 get their first token within %d ms instead of %d ms%n",
        own.firstToken().getValueAtPercentile(99) / 1_000_000,
        usual.firstToken().getValueAtPercentile(99) / 1_000_000);
    System.out.printf("long prompts pay for it: up to %d ms instead of %d ms%n",
        own.firstToken().getMaxValue() / 1_000_000, usual.firstToken().getMaxValue() / 1_000_000);
  }

  /** Running sequences get what they want, then the waiting ones, the shortest prompt first. */
  static final class ShortestPromptFirst implements SchedulingPolicy {
    @Override public WaitingOrder waitingOrder() {
      return (entering, waiting) -> entering.numPromptTokens() < waiting.numPromptTokens();
    }

    @Override public void plan(StepBuilder step) {
      SequenceList running = step.running(); // The oldest admission comes first.
      int newest = running.size() - 1;
      for (int i = 0; i <= newest; i++) {
        while (give(step, running.get(i)) == NO_BLOCKS && step.preempt(running.get(newest))) {
          newest--;
        }
      }
      for (int i = 0; i < step.waiting().size() && newest == running.size() - 1; i++) {
        give(step, step.waiting().get(i)); // Who does not fit is passed over.
      }
    }

    private static Grant give(StepBuilder step, SequenceView sequence) {
      int numTokens = step.numGrantableTokens(sequence, Integer.MAX_VALUE);
      return numTokens > 0 ? step.schedule(sequence, numTokens) : NO_TOKENS;
    }
  }
}
