package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Drives an executor by hand: a test says which tokens of which sequence go into the next step, and
 * this writes the plan, hands out slots and blocks, and gives sampled tokens to their sequences.
 */
final class HandScheduler {
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  private final StepExecutor executor;
  private final ExecutorSpec spec;
  private final StepResult result;
  private final PlanWriter writer = new PlanWriter();
  private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
  private final ArrayDeque<Integer> freeBlocks = new ArrayDeque<>();
  private final ArrayDeque<List<HandSequence>> inFlight = new ArrayDeque<>();
  private List<HandSequence> rows = new ArrayList<>();
  private long nextRequestId = 1;

  /** Slots and blocks are handed out in ascending order. */
  HandScheduler(StepExecutor executor) {
    this.executor = executor;
    spec = executor.spec();
    result = new StepResult(spec.maxNumRows(), spec.maxNumDraftTokens(),
        SamplingParameters.MAX_NUM_LOGPROBS);
    for (int slot = 0; slot < spec.numSlots(); slot++) {
      freeSlots.add(slot);
    }
    for (int block = 1; block < spec.numBlocks(); block++) {
      freeBlocks.add(block);
    }
  }

  /** Hands out blocks from now on with gaps and in no order. */
  void scatterBlocks() {
    List<Integer> blocks = new ArrayList<>(freeBlocks);
    for (int i = blocks.size() - 1; i > 0; i--) {
      int other = (int) Long.remainderUnsigned(HashModel.mix(i), i + 1);
      blocks.set(i, blocks.set(other, blocks.get(i)));
    }
    freeBlocks.clear();
    freeBlocks.addAll(blocks);
  }

  /** The writer of the next plan, for what has no verb here. */
  PlanWriter writer() {
    return writer;
  }

  int takeBlock() {
    return freeBlocks.remove();
  }

  // ---- sequences

  /** Attaches a new sequence with the next step. */
  HandSequence add(int[] prompt, SamplingParameters sampling, long seed) {
    return addAt(freeSlots.remove(), prompt, sampling, seed);
  }

  /** Attaches a new sequence to a given slot. */
  HandSequence addAt(int slot, int[] prompt, SamplingParameters sampling, long seed) {
    freeSlots.remove(slot);
    Request request = Request.builder(nextRequestId++, prompt).sampling(sampling).build();
    writer.attach(slot, request, seed);
    return new HandSequence(slot, prompt);
  }

  /** Gives up the sequence's slot with the next step; slot and blocks stay unused. */
  void detach(HandSequence sequence) {
    writer.detach(sequence.slot);
  }

  /** Gives up the sequence's slot in a step of its own; others may get the slot and the blocks. */
  void retire(HandSequence sequence) {
    detach(sequence);
    step();
    freeSlots.add(sequence.slot);
    freeBlocks.addAll(sequence.blocks);
  }

  /** Appends given blocks to a sequence's table, and takes the tokens in them as computed. */
  void adopt(HandSequence sequence, int numTokens, int... blocks) {
    writer.blocks(sequence.slot, blocks);
    for (int block : blocks) {
      sequence.blocks.add(block);
    }
    sequence.numComputed = numTokens;
  }

  // ---- steps

  /** Puts the next {@code numTokens} tokens of the sequence into the step. */
  HandScheduler row(HandSequence sequence, int numTokens) {
    reserve(sequence, sequence.numComputed + numTokens);
    int start = sequence.numComputed;
    sequence.numComputed += numTokens;
    if (start >= sequence.tokens.size()) {
      writer.rowOnDevice(sequence.slot, start);
      sequence.numUnread++;
    } else {
      int[] tokens = sequence.tokens(start, numTokens);
      if (sequence.numComputed < sequence.tokens.size() + sequence.numUnread) {
        writer.row(sequence.slot, start, tokens);
      } else {
        writer.sampledRow(sequence.slot, start, tokens);
        sequence.numUnread++;
      }
    }
    rows.add(sequence);
    return this;
  }

  /** Puts all pending tokens of the sequence into the step. */
  HandScheduler row(HandSequence sequence) {
    return row(sequence,
        sequence.tokens.size() + sequence.numUnread - sequence.numComputed);
  }

  /** Appends drafts to the row of the sequence, which was put in last. */
  HandScheduler drafts(HandSequence sequence, int... drafts) {
    reserve(sequence, sequence.numComputed + drafts.length);
    writer.drafts(drafts);
    return this;
  }

  /** Appends a tree of drafts to the row of the sequence, which was put in last. */
  HandScheduler draftTree(HandSequence sequence, int[] drafts, int[] parents) {
    reserve(sequence, sequence.numComputed + drafts.length);
    writer.draftTree(drafts, parents);
    return this;
  }

  /** Appends placeholders to the row of the sequence, which was put in last. */
  HandScheduler placeholders(HandSequence sequence, int numPlaceholders) {
    reserve(sequence, sequence.numComputed + numPlaceholders);
    writer.placeholders(numPlaceholders);
    return this;
  }

  void submit() {
    StepPlan plan = writer.write();
    if (!executor.submit(plan)) {
      throw new AssertionError("step " + plan.stepId() + " was not queued: " + executor.state()
          + " " + executor.failureMessage());
    }
    inFlight.add(rows);
    rows = new ArrayList<>();
  }

  /**
   * Waits for the oldest step in flight and gives its tokens to the sequences. No test asks for a
   * failure, so there must be none.
   */
  StepResult finishNext() {
    try {
      if (!executor.await(TIMEOUT_NANOS) || !executor.poll(result)) {
        throw new AssertionError("no step finished: " + executor.state() + " "
            + executor.failureMessage());
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    if (result.outcome() != StepResult.Outcome.COMPLETED) {
      throw new AssertionError("step " + result.stepId() + " failed: " + result.failureMessage());
    }
    List<HandSequence> sequences = inFlight.remove();
    for (int row = 0; row < sequences.size(); row++) {
      if (result.isFailedRow(row)) {
        throw new AssertionError("step " + result.stepId() + ": row " + row + " failed");
      }
      sequences.get(row).receive(result, row);
    }
    return result;
  }

  /** One step, not overlapped. */
  StepResult step() {
    submit();
    return finishNext();
  }

  /** Runs the sequence alone until it has that many output tokens. */
  int[] generate(HandSequence sequence, int numOutputTokens) {
    while (sequence.numOutputTokens() < numOutputTokens) {
      row(sequence).step();
    }
    return sequence.output();
  }

  /**
   * Runs a request from beginning to end with nobody beside it, and gives up its slot and blocks.
   */
  int[] alone(int[] prompt, SamplingParameters sampling, long seed, int numOutputTokens) {
    HandSequence sequence = add(prompt, sampling, seed);
    int[] output = generate(sequence, numOutputTokens);
    retire(sequence);
    return output;
  }

  /** Lets the sequence's table reach so many tokens, from the next step on. */
  void reserve(HandSequence sequence, int numTokens) {
    if (spec.kvKind() == KvKind.BLOCK_TABLE) {
      while (sequence.blocks.size() * spec.blockSize() < numTokens) {
        int block = takeBlock();
        sequence.blocks.add(block);
        writer.blocks(sequence.slot, block);
      }
    }
  }
}
