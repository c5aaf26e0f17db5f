package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A few sequences on an executor, with as many steps in flight as it takes: their prompts in the
 * first step, then one token each from the one sampled last, then a copied block, and in the end
 * they are detached. Always the same steps, so that runs can be compared result by result.
 */
final class CudaWorkload {
  static final int NUM_SEQUENCES = 3;
  static final int NUM_DECODES = 6;
  static final int NUM_STEPS = NUM_DECODES + 2;
  private static final int NUM_PROMPT_TOKENS = 5;
  private static final int BLOCKS_OF_SEQUENCE = 4;
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  private final StepExecutor executor;
  private final PlanWriter writer = new PlanWriter();
  private final StepResult result = new StepResult(NUM_SEQUENCES, 4, 20);
  private final List<List<Integer>> results = new ArrayList<>();
  private int numSubmitted;

  CudaWorkload(StepExecutor executor) {
    this.executor = executor;
  }

  /** A small executor that this workload fits; not deterministic. */
  static CudaExecutorBuilder builder() {
    return CudaToy.builder()
        .maxModelLen(16)
        .blockSize(4)
        .numBlocks(NUM_SEQUENCES * BLOCKS_OF_SEQUENCE + 2)
        .maxNumRows(4)
        .maxNumBatchedTokens(16)
        .maxNumDraftTokens(0)
        .maxInFlight(2);
  }

  /**
   * Runs all steps, or until the executor takes no more.
   *
   * @return the tokens of each step that was reported, by row
   */
  List<List<Integer>> run() throws InterruptedException {
    boolean isTaken = true;
    while (isTaken && numSubmitted < NUM_STEPS) {
      boolean isFull = numSubmitted - results.size() >= executor.spec().maxInFlight();
      while (isFull && receive()) {
        isFull = numSubmitted - results.size() >= executor.spec().maxInFlight();
      }
      isTaken = executor.submit(plan(numSubmitted));
      numSubmitted += isTaken ? 1 : 0;
    }
    boolean isMissing = results.size() < numSubmitted;
    while (isMissing && receive()) {
      isMissing = results.size() < numSubmitted;
    }
    return results;
  }

  /** Waits for a result; false when there will be none. */
  private boolean receive() throws InterruptedException {
    executor.await(TIMEOUT_NANOS);
    if (!executor.poll(result)) {
      return false;
    }
    results.add(
        IntStream.range(0, result.numRows())
            .mapToObj(row -> result.isFailedRow(row) ? -1 : result.token(row, 0))
            .toList());
    return true;
  }

  private StepPlan plan(int step) {
    for (int slot = 0; slot < NUM_SEQUENCES; slot++) {
      if (step == 0) {
        attach(slot);
      } else if (step <= NUM_DECODES) {
        writer.rowOnDevice(slot, NUM_PROMPT_TOKENS + step - 1);
      } else {
        writer.detach(slot);
      }
    }
    if (step == NUM_DECODES) {
      writer.copyBlock(1, NUM_SEQUENCES * BLOCKS_OF_SEQUENCE + 1);
    }
    return writer.write();
  }

  private void attach(int slot) {
    int[] prompt = IntStream.range(0, NUM_PROMPT_TOKENS).map(i -> 7 * slot + 3 * i + 1).toArray();
    SamplingParameters sampling = SamplingParameters.greedy(NUM_DECODES + 1);
    writer.attach(slot, Request.builder(slot, prompt).sampling(sampling).build(), slot);
    for (int i = 0; i < BLOCKS_OF_SEQUENCE; i++) {
      writer.blocks(slot, 1 + slot * BLOCKS_OF_SEQUENCE + i);
    }
    writer.sampledRow(slot, 0, prompt);
  }
}
