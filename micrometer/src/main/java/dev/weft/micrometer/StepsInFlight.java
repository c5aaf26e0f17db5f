package dev.weft.micrometer;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;

/**
 * What is remembered of a step from its plan to its result, by step id. A step whose result never
 * comes is overwritten by a later one.
 */
final class StepsInFlight {
  /** A power of two above the most steps that can be in flight. */
  private static final int CAPACITY = 32;

  private final long[] stepId = new long[CAPACITY];
  private final long[] plannedNanos = new long[CAPACITY];
  private final int[] numPromptTokens = new int[CAPACITY];
  private final int[] numDrafts = new int[CAPACITY];
  private final int[] numDraftTokens = new int[CAPACITY];
  /** By slot: length of the prompt of its sequence. */
  private final int[] promptLength;

  StepsInFlight(ExecutorSpec spec) {
    promptLength = new int[spec.numSlots()];
  }

  /** Remembers a plan that is not empty; cost O(rows). */
  void begin(StepPlan plan, long nowNanos) {
    for (int i = 0; i < plan.numAttached(); i++) {
      promptLength[plan.attachedSlot(i)] = plan.attachedNumPromptTokens(i);
    }
    int index = index(plan.stepId());
    stepId[index] = plan.stepId();
    plannedNanos[index] = nowNanos;
    int numPrompt = 0;
    int numRowsWithDrafts = 0;
    int numDrafted = 0;
    for (int row = 0; row < plan.numRows(); row++) {
      int numLeft = promptLength[plan.slot(row)] - plan.startPosition(row);
      numPrompt += Math.max(0, Math.min(numLeft, plan.numTokens(row)));
      int numRowDrafts = plan.numDraftTokens(row);
      if (numRowDrafts > 0 && !plan.hasPlaceholders(row)) {
        numRowsWithDrafts++;
        numDrafted += numRowDrafts;
      }
    }
    numPromptTokens[index] = numPrompt;
    numDrafts[index] = numRowsWithDrafts;
    numDraftTokens[index] = numDrafted;
  }

  private static int index(long stepId) {
    return (int) stepId & (CAPACITY - 1);
  }

  /** False for a step whose plan was never seen. */
  boolean knows(long id) {
    return stepId[index(id)] == id;
  }

  long plannedNanos(long id) {
    return plannedNanos[index(id)];
  }

  /** Tokens of prompts in the rows of the step, those computed before and lost included. */
  int numPromptTokens(long id) {
    return numPromptTokens[index(id)];
  }

  /** Rows with proposed drafts. */
  int numDrafts(long id) {
    return numDrafts[index(id)];
  }

  int numDraftTokens(long id) {
    return numDraftTokens[index(id)];
  }
}
