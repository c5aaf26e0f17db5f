package dev.weft.batching;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;

/**
 * Admits a sequence when the blocks are free for all tokens that it, its further samples, and all
 * that run can come to have (Yu et al., Orca, OSDI 2022; GUARANTEED_NO_EVICT of TensorRT-LLM, whose
 * {@code capacityScheduler.cpp} it follows): whoever is admitted keeps its blocks to its end. Where
 * nothing runs it admits anybody: so samples that do not fit beside each other, or beside blocks
 * that a transfer pins, get on too, and may lose blocks.
 *
 * <p>Live alone: the head of the list is admitted when the others have ended. Cost O(running) in a
 * step that looks at a candidate, then O(newly cached blocks) each.
 */
public final class ReserveToEndGate implements AdmissionGate {
  private int numPromisedBlocks;

  /** Keeps account for one policy. */
  public ReserveToEndGate() {}

  @Override public void begin(StepFacts step) {
    numPromisedBlocks = 0;
    SequenceList running = step.running();
    for (int i = 0; i < running.size(); i++) {
      if (running.get(i).status() == SequenceStatus.RUNNING) {
        numPromisedBlocks += numBlocksToEnd(step, running.get(i));
      }
    }
  }

  @Override public Verdict judge(StepFacts step, SequenceView candidate, int numTokens) {
    int numFree = step.numFreeBlocks() - numPromisedBlocks;
    return step.numRunning() == 0 || numBlocksToEnd(step, candidate) <= numFree
        ? Verdict.ADMIT : Verdict.STOP;
  }

  @Override public void onAdmit(StepFacts step, SequenceView admitted) {
    numPromisedBlocks += numBlocksToEnd(step, admitted);
  }

  /** Each further sample shares the full blocks before the last prompt token, which it computes. */
  private static int numBlocksToEnd(StepFacts step, SequenceView sequence) {
    int most = step.numPositions(sequence.maxNumTokens() - 1);
    int numOfSample = (most + step.blockSize() - 1) / step.blockSize()
        - (sequence.numPromptTokens() - 1) / step.blockSize();
    return step.numBlocksNeeded(sequence, most) + sequence.numSamplesToBegin() * numOfSample;
  }
}
