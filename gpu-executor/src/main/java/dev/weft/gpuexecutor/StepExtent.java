package dev.weft.gpuexecutor;

/**
 * The most that the steps of a forward pass have of everything that grids are made for. Reused from
 * step to step.
 */
final class StepExtent {
  private int maxRows;
  private int maxTokens;
  private int maxLogits;
  private int maxDecodeItems;
  private int maxPrefillItems;
  private int maxMerges;

  /** Exactly the step that was packed last. */
  void fit(StepPacker packer) {
    maxRows = packer.numRows();
    maxTokens = packer.numTokens();
    maxLogits = packer.numLogits();
    maxDecodeItems = packer.numDecodeItems();
    maxPrefillItems = packer.numPrefillItems();
    maxMerges = packer.numMerges();
  }

  /**
   * Any step of up to so many tokens whose attention has no prefill items.
   *
   * @param mayMerge whether attention may be split
   */
  void fitBucket(int numTokens, boolean mayMerge) {
    maxRows = numTokens;
    maxTokens = numTokens;
    maxLogits = numTokens;
    maxDecodeItems = Integer.MAX_VALUE;
    maxPrefillItems = 0;
    maxMerges = mayMerge ? Integer.MAX_VALUE : 0;
  }

  int maxRows() {
    return maxRows;
  }

  int maxTokens() {
    return maxTokens;
  }

  int maxLogits() {
    return maxLogits;
  }

  int maxDecodeItems() {
    return maxDecodeItems;
  }

  int maxPrefillItems() {
    return maxPrefillItems;
  }

  int maxMerges() {
    return maxMerges;
  }
}
