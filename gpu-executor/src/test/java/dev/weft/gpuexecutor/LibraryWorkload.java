package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Steps of many tokens on a {@link WideToy}: a long prompt, then one token each of that sequence
 * and of many short ones, which a graph serves. All greedy, two steps in flight.
 */
final class LibraryWorkload {
  static final int NUM_SEQUENCES = 70;
  static final int NUM_STEPS = 4;
  private static final int NUM_PROMPT_TOKENS = 70;
  private static final int BLOCKS_OF_FIRST = 6;
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  private final PlanWriter writer = new PlanWriter();
  private final StepExecutor executor;
  private final StepResult result;

  private LibraryWorkload(StepExecutor executor) {
    this.executor = executor;
    result = new StepResult(executor.spec().maxNumRows(), 0, SamplingParameters.MAX_NUM_LOGPROBS);
  }

  /** A token of a row, and its log-probability. */
  record Sample(int token, float logprob) {}

  static int[] prompt(int numTokens) {
    int[] prompt = new int[numTokens];
    for (int i = 0; i < numTokens; i++) {
      prompt[i] = (7 + 31 * i + i * i) % WideToy.VOCABULARY_SIZE;
    }
    return prompt;
  }

  /** Submits a prompt in the last slot, whose blocks are the last ones. */
  static boolean submitPrompt(StepExecutor executor, long stepId, int numTokens) {
    LibraryWorkload workload = new LibraryWorkload(executor);
    workload.writer.stepId(stepId);
    int firstBlock = executor.spec().numBlocks() - BLOCKS_OF_FIRST;
    int slot = executor.spec().numSlots() - 1;
    workload.attach(slot, prompt(numTokens), firstBlock, BLOCKS_OF_FIRST);
    return executor.submit(workload.writer.write());
  }

  /** Runs all steps: what each of them sampled, by row. */
  static List<List<Sample>> run(StepExecutor executor) throws InterruptedException {
    LibraryWorkload workload = new LibraryWorkload(executor);
    List<List<Sample>> results = new ArrayList<>();
    for (int step = 0; step < NUM_STEPS; step++) {
      if (step >= executor.spec().maxInFlight()) {
        results.add(workload.receive());
      }
      if (!executor.submit(workload.plan(step))) {
        throw new IllegalStateException(executor.failureMessage());
      }
    }
    while (results.size() < NUM_STEPS) {
      results.add(workload.receive());
    }
    return results;
  }

  private StepPlan plan(int step) {
    if (step == 0) {
      attach(0, prompt(NUM_PROMPT_TOKENS), 1, BLOCKS_OF_FIRST);
      return writer.write();
    }
    writer.rowOnDevice(0, NUM_PROMPT_TOKENS + step - 1);
    for (int slot = 1; slot < NUM_SEQUENCES; slot++) {
      if (step == 1) {
        attach(slot, new int[] {slot}, BLOCKS_OF_FIRST + slot, 1);
      } else {
        writer.rowOnDevice(slot, step - 1);
      }
    }
    return writer.write();
  }

  private void attach(int slot, int[] prompt, int firstBlock, int numBlocks) {
    SamplingParameters sampling =
        SamplingParameters.builder().maxNewTokens(NUM_STEPS).numLogprobs(0).build();
    writer.attach(slot, Request.builder(slot, prompt).sampling(sampling).build(), slot);
    for (int i = 0; i < numBlocks; i++) {
      writer.blocks(slot, firstBlock + i);
    }
    writer.sampledRow(slot, 0, prompt);
  }

  private List<Sample> receive() throws InterruptedException {
    executor.await(TIMEOUT_NANOS);
    if (!executor.poll(result)) {
      throw new IllegalStateException("no result: " + executor.failureMessage());
    }
    List<Sample> samples = new ArrayList<>();
    for (int row = 0; row < result.numRows(); row++) {
      samples.add(new Sample(result.token(row, 0), result.logprob(row, 0)));
    }
    return samples;
  }
}
