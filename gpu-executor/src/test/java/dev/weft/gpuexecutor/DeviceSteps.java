package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.nio.IntBuffer;

/**
 * What an executor does with a step but the forward pass, on the emulated device and one kernel at
 * a time: logits come from the test.
 */
final class DeviceSteps implements AutoCloseable {
  private static final int NUM_RESULT_SLOTS = 2;

  private final ExecutorSpec spec;
  private final KernelRunner device;
  private final SlotLayout slotLayout;
  private final ResultLayout resultLayout;
  private final StepPacker packer;
  private final ResultReader reader;
  private final IntBuffer block;
  private final int logitsStride;

  final DeviceArray step;
  final DeviceArray slots;
  final DeviceArray tokens;
  final DeviceArray logitTokens;
  final DeviceArray logitRows;
  final DeviceArray logits;
  final DeviceArray sampled;
  final DeviceArray acceptedCounts;
  final DeviceArray accepted;
  final DeviceArray results;
  private long stepId;

  DeviceSteps(ExecutorSpec spec, long schedule) {
    this.spec = spec;
    device = KernelRunner.open(schedule);
    slotLayout = new SlotLayout(spec);
    resultLayout = new ResultLayout(spec);
    packer = new StepPacker(spec, slotLayout, resultLayout, new OneItemPerRow(spec.maxNumRows()));
    reader = new ResultReader(resultLayout);
    block = IntBuffer.allocate(packer.maxBytes() / Integer.BYTES);
    logitsStride = (spec.vocabularySize() + 63) / 64 * 64;
    int numLogits = ResultLayout.maxNumLogits(spec);
    step = device.ints(block.capacity());
    slots = device.ints((int) (slotLayout.bytes() / Integer.BYTES)).fill(0);
    tokens = device.ints(StepBlock.TOKEN_ARRAYS * spec.maxNumBatchedTokens());
    logitTokens = device.ints(numLogits);
    logitRows = device.ints(numLogits);
    logits = device.floats(numLogits * logitsStride);
    sampled = device.ints(numLogits);
    acceptedCounts = device.ints(spec.maxNumRows());
    accepted = device.ints(spec.maxNumRows() * StepBlock.MAX_DRAFTS);
    results = device.ints(NUM_RESULT_SLOTS * (int) (resultLayout.bytes() / Integer.BYTES));
  }

  SlotLayout slotLayout() {
    return slotLayout;
  }

  /** What is said of the plan given to {@link #prepare}. */
  StepPacker packer() {
    return packer;
  }

  /** Packs a plan, uploads it and prepares its inputs. */
  void prepare(StepPlan plan) {
    stepId = plan.stepId();
    int bytes = packer.pack(plan, block, resultSlot());
    int[] ints = new int[bytes / Integer.BYTES];
    block.get(0, ints);
    step.put(ints);
    device.launch(
        Kernel.PREPARE_INPUTS, 1, step, slots, tokens, logitTokens, logitRows, results);
  }

  private int resultSlot() {
    return (int) (stepId % NUM_RESULT_SLOTS);
  }

  /** Samples from logits {@code [row of logits][vocabulary]}; what is behind them is no number. */
  void sample(float[][] rows) {
    float[] padded = new float[logits.length()];
    java.util.Arrays.fill(padded, Float.NaN);
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, padded, i * logitsStride, rows[i].length);
    }
    logits.put(padded);
    // One block more than there are rows, as in a graph for more.
    device.launch(
        Kernel.SAMPLE, packer.numLogits() + 1, step, slots, logits, logitRows, sampled, results);
  }

  /** Verifies the drafts against what was sampled, or was put there. */
  void verify() {
    device.launch(
        Kernel.VERIFY, packer.numRows() + 1, step, slots, sampled, acceptedCounts, accepted,
        results);
  }

  /** Reads what the host would copy. */
  StepResult result() {
    int areaInts = (int) (resultLayout.bytes() / Integer.BYTES);
    IntBuffer area = IntBuffer.wrap(results.toInts(), resultSlot() * areaInts, areaInts).slice();
    IntBuffer copy = IntBuffer.allocate(areaInts);
    int rowInts = (int) (resultLayout.rowBytes(packer.numRows()) / Integer.BYTES);
    copy.put(0, area, 0, rowInts);
    if (packer.wantsLogprobs()) {
      int logprobs = (int) (resultLayout.logprobOffset() / Integer.BYTES);
      int logprobInts = (int) (resultLayout.logprobBytes(packer.numLogits()) / Integer.BYTES);
      copy.put(logprobs, area, logprobs, logprobInts);
    }
    StepResult result = newResult();
    reader.read(copy, stepId, packer.numRows(), result);
    return result;
  }

  StepResult newResult() {
    int numLogprobs = Math.max(0, spec.maxNumLogprobs());
    return new StepResult(spec.maxNumRows(), spec.maxNumDraftTokens(), numLogprobs);
  }

  @Override
  public void close() {
    device.close();
  }
}
