package dev.weft.batching;

import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;

/**
 * Brings the first token early: a step holds prompts alone while there are any that fit, else
 * decodes alone (the first scheduler of vLLM, Kwon et al., SOSP 2023; SGLang, Zheng et al., NeurIPS
 * 2024). The batch is formed anew in every step, as Orca does (Yu et al., OSDI 2022). First come,
 * first served; the newest loses its blocks. Right for an executor that cannot mix prompts and
 * decodes in one step.
 *
 * <p>Live: after {@code maxNumPrefillSteps} prefill steps in a row that kept a decode waiting, one
 * step of decodes is planned. Each prefill step delays all decodes, so the longest time between two
 * tokens is that of these steps together.
 *
 * <p>Cost of a step O(running + admitted + passed over), and O(running) a victim; allocates
 * nothing.
 */
public final class PrefillFirstPolicy implements SchedulingPolicy {
  private final int maxNumPrefillSteps;
  private final ContinuousBatchingPolicy batch = ContinuousBatchingPolicy.fcfs();
  private int numPrefillSteps;

  /** @param maxNumPrefillSteps prefill steps that may delay a decode before it gets its turn */
  public PrefillFirstPolicy(int maxNumPrefillSteps) {
    if (maxNumPrefillSteps < 1) {
      throw new IllegalArgumentException(
          "maxNumPrefillSteps is " + maxNumPrefillSteps + ", must be 1 or more");
    }
    this.maxNumPrefillSteps = maxNumPrefillSteps;
  }

  @Override public void plan(StepBuilder step) {
    batch.begin();
    boolean isTurnOfDecodes = numPrefillSteps == maxNumPrefillSteps;
    boolean isPrefillStep = !isTurnOfDecodes && prefill(step);
    if (!isPrefillStep) {
      batch.run(step, RowKind.DECODE);
      isPrefillStep = isTurnOfDecodes && step.numRows() == 0 && prefill(step);
    }
    numPrefillSteps = isPrefillStep && hasDecode(step)
        ? Math.min(numPrefillSteps + 1, maxNumPrefillSteps) : 0;
    batch.rescue(step);
  }

  private boolean prefill(StepBuilder step) {
    batch.run(step, RowKind.PREFILL);
    batch.admit(step);
    return step.numRows() > 0;
  }

  private static boolean hasDecode(StepFacts step) {
    SequenceList running = step.running();
    for (int i = 0; i < running.size(); i++) {
      if (!running.get(i).isPrefill()) {
        return true;
      }
    }
    return false;
  }
}
