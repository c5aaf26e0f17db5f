package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The host as a device: the KV blocks, the state of every slot, and the computation of one step on
 * them. Plans were checked when they were submitted. Used by one thread, which is worker 0 of the
 * team; allocates nothing but the token history of a slot at its first sequence with penalties.
 */
final class HostDevice {
  private static final int NOT_SAMPLED = -1;

  private final ExecutorSpec spec;
  private final WorkerTeam team;
  private final KvBlocks kv;
  private final PagedForward forward;
  private final RaggedBatch batch;
  private final SampleRows sampleRows = new SampleRows();
  private final RowSampler[] samplers;

  // By slot.
  private final int[][] blockTables;
  private final SamplingState[] states;
  private final int[] lastSampledToken;

  /** By row of the current step: the first row of its logits, or {@link #NOT_SAMPLED}. */
  private final int[] firstLogits;

  HostDevice(HostModel model, ExecutorSpec spec, WorkerTeam team) {
    this.spec = spec;
    this.team = team;
    int maxTokens = spec.maxNumBatchedTokens();
    long maxLogits = (long) spec.maxNumRows() * (spec.maxNumDraftTokens() + 1);
    int numLogits = (int) Math.min(maxTokens, maxLogits);
    int maxLength = spec.maxModelLen();
    kv = new KvBlocks(model.config(), spec.numBlocks(), spec.blockSize());
    int maxDepth = spec.maxNumDraftTokens();
    forward = new PagedForward(model, kv, team, maxTokens, numLogits, maxLength, maxDepth);
    batch = new RaggedBatch(maxTokens, numLogits, maxLength, spec.vocabularySize());
    samplers = new RowSampler[team.numThreads()];
    Arrays.setAll(samplers, worker -> new RowSampler(spec));
    int maxBlocksPerSlot = (maxLength + spec.blockSize() - 1) / spec.blockSize();
    blockTables = new int[spec.numSlots()][maxBlocksPerSlot];
    states = new SamplingState[spec.numSlots()];
    Arrays.setAll(states, slot -> new SamplingState());
    lastSampledToken = new int[spec.numSlots()];
    firstLogits = new int[spec.maxNumRows()];
  }

  /** Brings slots, block tables and blocks to the state before the forward pass. */
  void prepare(StepPlan plan) {
    // A detached slot keeps what it held until it is attached again, which replaces all of it.
    for (int i = 0; i < plan.numAttached(); i++) {
      attach(plan, i);
    }
    for (int i = 0; i < plan.numTableWrites(); i++) {
      int[] table = blockTables[plan.tableWriteSlot(i)];
      table[plan.tableWriteIndex(i)] = plan.tableWriteBlock(i);
    }
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      kv.copyBlock(plan.copySource(i), plan.copyTarget(i));
    }
  }

  private void attach(StepPlan plan, int index) {
    SamplingState state = states[plan.attachedSlot(index)];
    SamplingParameters parameters = plan.attachedSampling(index);
    // The token behind the last computed position is sampled as well.
    int maxTokens = spec.maxModelLen() + 1;
    int numPromptTokens = plan.attachedNumPromptTokens(index);
    state.begin(parameters, plan.attachedSeed(index), numPromptTokens, maxTokens);
    for (int position = 0; position < plan.attachedNumTokens(index); position++) {
      state.put(position, plan.attachedToken(index, position));
    }
  }

  /**
   * Computes the rows of a prepared plan and samples.
   *
   * @param result has been reset for this step
   */
  void compute(StepPlan plan, StepResult result) {
    batch.clear();
    for (int row = 0; row < plan.numRows(); row++) {
      addRow(plan, row);
    }
    if (plan.numRows() > 0) {
      float[][] logits = forward.run(batch);
      sampleRows.runOver(plan, logits, result);
    }
  }

  private void addRow(StepPlan plan, int row) {
    int slot = plan.slot(row);
    int numKnown = plan.numTokens(row) - plan.numDraftTokens(row);
    firstLogits[row] = plan.isSampled(row) ? batch.numLogits() : NOT_SAMPLED;
    batch.beginRow(blockTables[slot]);
    int token = 0;
    for (int i = 0; i < numKnown; i++) {
      boolean isOnDevice = i == 0 && plan.isFirstTokenOnDevice(row);
      int tokenId = isOnDevice ? lastSampledToken[slot] : plan.token(row, i);
      int position = plan.startPosition(row) + i;
      token = batch.addToken(tokenId, position);
      // A row may go back and replace tokens that were sampled before.
      states[slot].put(position, tokenId);
    }
    if (plan.isSampled(row)) {
      batch.addLogits(token);
      addDrafts(plan, row, numKnown, token);
    }
  }

  /** Placeholders are left out, since they are rejected unseen. */
  private void addDrafts(StepPlan plan, int row, int numKnown, int lastKnown) {
    int numDrafts = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
    int position = plan.startPosition(row) + numKnown;
    for (int draft = 0; draft < numDrafts; draft++) {
      int tokenId = plan.token(row, numKnown + draft);
      int token =
          plan.hasDraftTree(row)
              ? batch.addTreeToken(tokenId, lastKnown + 1 + plan.draftParent(row, draft))
              : batch.addToken(tokenId, position + draft);
      batch.addLogits(token);
    }
  }

  /**
   * Moves the keys and values of accepted drafts of a tree to where they stand in the sequence. A
   * draft never moves up, and never onto a later one of the path.
   */
  private void closeUp(StepPlan plan, int row, RowSampler sampler) {
    int[] table = blockTables[plan.slot(row)];
    int first = plan.startPosition(row) + plan.numTokens(row) - plan.numDraftTokens(row);
    for (int i = 0; i < sampler.numAccepted(); i++) {
      int draft = sampler.acceptedDraft(i);
      if (draft != i) {
        kv.copySlot(kv.slot(table, first + draft), kv.slot(table, first + i));
      }
    }
  }

  /** Samples all rows of a step; a row is a task. */
  private final class SampleRows implements WorkerTeam.Job {
    private @Nullable StepPlan plan;
    private @Nullable StepResult result;
    private float[][] logits = {};

    void runOver(StepPlan plan, float[][] logits, StepResult result) {
      this.plan = plan;
      this.logits = logits;
      this.result = result;
      team.run(this, plan.numRows());
      this.plan = null;
      this.result = null;
    }

    @Override
    public void run(int row, int worker) {
      StepPlan current = plan;
      StepResult target = result;
      if (current == null || target == null || firstLogits[row] == NOT_SAMPLED) {
        return;
      }
      int slot = current.slot(row);
      RowSampler sampler = samplers[worker];
      int token = sampler.sample(current, row, logits, firstLogits[row], states[slot], target);
      closeUp(current, row, sampler);
      // A failed row leaves no token; whoever still reads the slot must find a valid one.
      lastSampledToken[slot] = Math.max(0, token);
    }
  }
}
