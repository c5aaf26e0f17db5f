package dev.weft.examples.tour;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A parrot for each attached slot. */
final class ParrotSlots {
  private static final ExecutorSpec SPEC = ParrotExecutor.SPEC;

  private final @Nullable Parrot[] parrots = new @Nullable Parrot[SPEC.numSlots()];

  Parrot get(int slot) {
    return Objects.requireNonNull(parrots[slot]);
  }

  /** Carries out what a plan says of slots, before its rows. */
  void change(StepPlan plan) {
    change(plan, parrots);
  }

  private static void change(StepPlan plan, @Nullable Parrot[] parrots) {
    for (int i = 0; i < plan.numDetached(); i++) {
      parrots[plan.detachedSlot(i)] = null;
    }
    for (int i = 0; i < plan.numAttached(); i++) {
      parrots[plan.attachedSlot(i)] = new Parrot(
          plan.attachedSampling(i), plan.attachedSeed(i), plan.attachedNumPromptTokens(i));
    }
  }

  /** @throws IllegalArgumentException when the plan breaks the spec; nothing was changed */
  void check(StepPlan plan) {
    @Nullable Parrot[] unused = parrots.clone();
    change(plan, unused);
    boolean isRight = plan.numTokens() <= SPEC.maxNumBatchedTokens();
    for (int row = 0; row < plan.numRows() && isRight; row++) {
      int slot = plan.slot(row);
      isRight = slot < unused.length && unused[slot] != null && isRight(plan, row);
      if (isRight) {
        unused[slot] = null; // A slot has one row.
      }
    }
    if (!isRight) {
      throw new IllegalArgumentException("step " + plan.stepId() + " breaks the spec");
    }
  }

  private static boolean isRight(StepPlan plan, int row) {
    int numTokens = plan.numTokens(row);
    boolean isRight = numTokens > 0 && plan.numDraftTokens(row) == 0
        && plan.startPosition(row) + numTokens <= SPEC.maxModelLen();
    for (int i = 0; i < numTokens && isRight; i++) {
      int token = plan.token(row, i);
      isRight = token < SPEC.vocabularySize()
          && (token >= 0 || (i == 0 && plan.isFirstTokenOnDevice(row)));
    }
    return isRight;
  }
}
