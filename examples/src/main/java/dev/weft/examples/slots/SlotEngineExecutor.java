package dev.weft.examples.slots;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;

/** Puts a {@link SlotEngine} behind the scheduler: what it is, and how it runs a plan. */
public final class SlotEngineExecutor extends BlockingExecutor {
  /** The engine has no blocks; it is what the scheduler counts memory in. */
  private static final int BLOCK_SIZE = 8;

  private final SlotEngine engine;

  // By slot: what the plans told, and all tokens known so far.
  private final SamplingParameters[] sampling;
  private final long[] seeds;
  private final int[] numPromptTokens;
  private final int[][] texts;

  /** Takes over an engine that was made for so many slots and tokens. */
  public SlotEngineExecutor(SlotEngine engine, int numSlots, int maxTokens) {
    super(spec(numSlots, maxTokens));
    this.engine = engine;
    sampling = new SamplingParameters[numSlots];
    seeds = new long[numSlots];
    numPromptTokens = new int[numSlots];
    texts = new int[numSlots][maxTokens + 1]; // Behind the last position one more is sampled.
    start();
  }

  private static ExecutorSpec spec(int numSlots, int maxTokens) {
    int numBlocksOfSlot = (maxTokens + BLOCK_SIZE - 1) / BLOCK_SIZE;
    return ExecutorSpec.builder()
        .vocabularySize(SlotEngine.VOCABULARY_SIZE)
        .maxModelLen(maxTokens)
        .kvKind(KvKind.FIXED_SLOT).supportsBlockCopies(false)
        .blockSize(BLOCK_SIZE).numBlocks(1 + numSlots * numBlocksOfSlot) // Slots run out first.
        .numSlots(numSlots).maxNumRows(numSlots).maxNumBatchedTokens(maxTokens)
        .mixesPrefillAndDecode(false).chunkUnit(SlotEngine.PIECE)
        .maxInFlight(2).isDeterministic(true)
        .maxNumLogprobs(-1).supportsMasks(false).supportsAdapters(false)
        .build();
  }

  @Override void run(StepPlan plan, StepResult result) {
    // A detached slot needs nothing: the first row of its next owner starts at 0.
    for (int i = 0; i < plan.numAttached(); i++) {
      int slot = plan.attachedSlot(i);
      sampling[slot] = plan.attachedSampling(i);
      seeds[slot] = plan.attachedSeed(i);
      numPromptTokens[slot] = plan.attachedNumPromptTokens(i);
    }
    int[] decodes = new int[plan.numRows()];
    int numDecodes = 0;
    for (int row = 0; row < plan.numRows(); row++) {
      int slot = plan.slot(row);
      int start = plan.startPosition(row);
      if (engine.length(slot) < start) {
        result.failRow(row); // Its last step has failed, when this one was in flight already.
        continue;
      }
      engine.truncate(slot, start);
      // The token sampled last lies in its place already; the plan does not know it.
      for (int i = plan.isFirstTokenOnDevice(row) ? 1 : 0; i < plan.numTokens(row); i++) {
        texts[slot][start + i] = plan.token(row, i);
      }
      if (plan.numTokens(row) == 1) {
        decodes[numDecodes++] = row;
      } else {
        int[] piece = Arrays.copyOfRange(texts[slot], start, start + plan.numTokens(row));
        sample(plan, row, engine.prefill(slot, piece), result);
      }
    }
    decode(plan, Arrays.copyOf(decodes, numDecodes), result);
  }

  private void decode(StepPlan plan, int[] rows, StepResult result) {
    int[] slots = new int[rows.length];
    int[] tokens = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      slots[i] = plan.slot(rows[i]);
      tokens[i] = texts[slots[i]][plan.startPosition(rows[i])];
    }
    float[][] logits = engine.decode(slots, tokens);
    for (int i = 0; i < rows.length; i++) {
      sample(plan, rows[i], logits[i], result);
    }
  }

  private void sample(StepPlan plan, int row, float[] logits, StepResult result) {
    if (!plan.isSampled(row)) {
      return;
    }
    int slot = plan.slot(row);
    int position = plan.startPosition(row) + plan.numTokens(row);
    int token = SlotSampler.choose(logits, sampling[slot], seeds[slot], numPromptTokens[slot],
        texts[slot], position);
    if (token == SlotSampler.NOT_A_NUMBER) {
      result.failRow(row);
    } else {
      result.addToken(row, token);
      texts[slot][position] = token;
    }
  }
}
