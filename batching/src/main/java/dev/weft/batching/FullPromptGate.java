package dev.weft.batching;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;

/**
 * Admits a sequence beside others when blocks for all its tokens are free and some more stay free
 * for the others to grow into (the watermark of vLLM; Kwon et al., SOSP 2023). Without the first,
 * prompts that are half computed take blocks from each other; without the second, what is admitted
 * is preempted soon. Cost O(newly cached blocks).
 */
public final class FullPromptGate implements AdmissionGate {
  private final int numSpareBlocks;
  private final int sparePercent;

  private FullPromptGate(int numSpareBlocks, int sparePercent) {
    this.numSpareBlocks = numSpareBlocks;
    this.sparePercent = sparePercent;
  }

  /** Leaves {@code numBlocks} free, 0 or more. */
  public static FullPromptGate sparingBlocks(int numBlocks) {
    if (numBlocks < 0) {
      throw new IllegalArgumentException("numBlocks is " + numBlocks + ", must be 0 or more");
    }
    return new FullPromptGate(numBlocks, 0);
  }

  /** Leaves a share of all blocks free, 0 to 100 percent, rounded down. */
  public static FullPromptGate sparingPercent(int percent) {
    if (percent < 0 || percent > 100) {
      throw new IllegalArgumentException("percent is " + percent + ", must be 0 to 100");
    }
    return new FullPromptGate(0, percent);
  }

  @Override public Verdict judge(StepFacts step, SequenceView candidate, int numTokens) {
    long numWanted = (long) Rows.numBlocksOfAllTokens(step, candidate) + numSpareBlocks(step);
    return numWanted <= step.numFreeBlocks() ? Verdict.ADMIT : Verdict.STOP;
  }

  private long numSpareBlocks(StepFacts step) {
    return step.numRunning() == 0
        ? 0 : numSpareBlocks + (long) step.numTotalBlocks() * sparePercent / 100;
  }

  @Override public boolean isWaivedWhenIdle() {
    return true;
  }
}
