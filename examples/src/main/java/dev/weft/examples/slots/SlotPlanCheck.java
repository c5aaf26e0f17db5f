package dev.weft.examples.slots;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import java.util.BitSet;

/**
 * Refuses plans that break the spec, or that contradict the plans before them. A scheduler sends
 * none; a test does, and a defect anywhere shows here, by name, and not as a wrong token.
 *
 * <p>It tries a plan on copies, so that a refused one changes nothing.
 */
final class SlotPlanCheck {
  private final ExecutorSpec spec;
  private long lastStepId;
  private BitSet attached = new BitSet();
  private BitSet sampled = new BitSet();
  private int[] computed;

  SlotPlanCheck(ExecutorSpec spec) {
    this.spec = spec;
    computed = new int[spec.numSlots()];
  }

  /** @throws IllegalArgumentException when the plan is wrong; nothing changed */
  void accept(StepPlan plan) {
    BitSet attachedThen = (BitSet) attached.clone();
    BitSet sampledThen = (BitSet) sampled.clone();
    int[] computedThen = computed.clone();
    require(plan.stepId() == lastStepId + 1, plan, "comes after step " + lastStepId);
    for (int i = 0; i < plan.numDetached(); i++) {
      int slot = plan.detachedSlot(i);
      require(attached.get(slot), plan, "detaches slot " + slot + ", which is free");
      attachedThen.clear(slot);
    }
    for (int i = 0; i < plan.numAttached(); i++) {
      int slot = plan.attachedSlot(i);
      require(slot >= 0 && slot < spec.numSlots(), plan, "has no slot " + slot);
      require(!attachedThen.get(slot), plan, "attaches slot " + slot + ", which is taken");
      checkDemands(plan, i);
      attachedThen.set(slot);
      sampledThen.clear(slot);
      computedThen[slot] = 0;
    }
    require(plan.numBlockCopies() == 0 || spec.supportsBlockCopies(), plan, "copies blocks");
    checkRows(plan, attachedThen, sampledThen, computedThen);
    lastStepId = plan.stepId();
    attached = attachedThen;
    sampled = sampledThen;
    computed = computedThen;
  }

  /** What a sequence asks for must be in the spec, or it would silently get something else. */
  private void checkDemands(StepPlan plan, int index) {
    SamplingParameters sampling = plan.attachedSampling(index);
    require(plan.attachedAdapterId(index) == 0 || spec.supportsAdapters(), plan,
        "asks for adapter " + plan.attachedAdapterId(index));
    require(sampling.numLogprobs() <= spec.maxNumLogprobs(), plan,
        "asks for " + sampling.numLogprobs() + " log-probabilities of " + spec.maxNumLogprobs());
    require(spec.verifications().contains(sampling.verification()), plan,
        "asks for " + sampling.verification() + " of " + spec.verifications());
  }

  private void checkRows(StepPlan plan, BitSet attached, BitSet sampled, int[] computed) {
    require(plan.numRows() <= spec.maxNumRows(), plan, "has too many rows");
    require(plan.numTokens() <= spec.maxNumBatchedTokens(), plan, "has too many tokens");
    boolean[] hasRow = new boolean[spec.numSlots()];
    int numDecodes = 0;
    for (int row = 0; row < plan.numRows(); row++) {
      int slot = plan.slot(row);
      require(slot >= 0 && attached.get(slot), plan, "has a row of slot " + slot + ", a free one");
      require(!hasRow[slot], plan, "has two rows of slot " + slot);
      hasRow[slot] = true;
      int start = plan.startPosition(row);
      int end = start + plan.numTokens(row);
      require(start >= 0 && start <= computed[slot], plan,
          "starts at " + start + ", computed are " + computed[slot]);
      require(end > start && end <= spec.maxModelLen(), plan, "ends a row at " + end);
      require(plan.numDraftTokens(row) == 0, plan, "has drafts, which this engine cannot verify");
      require(plan.isSampled(row) || plan.numTokens(row) % spec.chunkUnit() == 0, plan,
          "has a chunk of " + plan.numTokens(row) + ", which is no multiple");
      int numOnDevice = plan.isFirstTokenOnDevice(row) ? 1 : 0;
      require(numOnDevice == 0 || sampled.get(slot), plan, "reads a token that nobody sampled");
      for (int i = numOnDevice; i < plan.numTokens(row); i++) {
        int token = plan.token(row, i);
        require(token >= 0 && token < spec.vocabularySize(), plan, "has token " + token);
      }
      require(!plan.hasMask(row) || spec.supportsMasks(), plan, "has a mask");
      numDecodes += sampled.get(slot) && plan.isSampled(row) ? 1 : 0;
      computed[slot] = end;
      sampled.set(slot, sampled.get(slot) || plan.isSampled(row));
    }
    boolean isMixed = numDecodes > 0 && numDecodes < plan.numRows();
    require(!isMixed || spec.mixesPrefillAndDecode(), plan, "mixes prefill and decode");
  }

  private static void require(boolean holds, StepPlan plan, String problem) {
    if (!holds) {
      throw new IllegalArgumentException("step " + plan.stepId() + " " + problem);
    }
  }
}
