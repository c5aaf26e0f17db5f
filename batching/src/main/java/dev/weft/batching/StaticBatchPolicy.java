package dev.weft.batching;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.ChunkRule;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * The baseline that continuous batching is compared with: a batch is chosen when nothing runs, and
 * nobody joins until its last member has ended (the manner of FasterTransformer, as described by Yu
 * et al., Orca, OSDI 2022). The batch is what the slots, the token budget of one step and the
 * blocks hold, all tokens that its members can come to have included, so that nobody loses blocks
 * but further samples of a request.
 *
 * <p>Live, since every member ends, but not work-conserving: it cannot keep up with a load that
 * others can (Li, Dai and Peng, Throughput-Optimal Scheduling Algorithms for LLM Inference, 2025).
 * Cost of a step O(running + admitted + passed over); allocates nothing.
 */
public final class StaticBatchPolicy implements SchedulingPolicy {
  private final ReserveToEnd gate = new ReserveToEnd();
  private final Batch batch =
      new Batch(WaitingOrder.ARRIVAL, Urgency.NONE, ChunkRule.ALL, gate, new NewestFirst());

  /** First come, first served. */
  public StaticBatchPolicy() {}

  @Override public void plan(StepBuilder step) {
    batch.begin();
    batch.run(step, Batch.Kind.ANY);
    batch.runLittle(step);
    if (step.numRunning() == 0) {
      gate.begin();
      batch.admit(step);
      batch.rescue(step);
    }
  }

  /** Admits who fits with all tokens that it and those before it can come to have. */
  private static final class ReserveToEnd implements AdmissionGate {
    private int numPromisedBlocks;
    private int lastPromise;
    private int numRowsAtLastPromise;

    private void begin() {
      numPromisedBlocks = 0;
      lastPromise = 0;
    }

    @Override public Verdict judge(StepFacts step, SequenceView candidate, int numTokens) {
      if (step.numRows() == numRowsAtLastPromise) {
        numPromisedBlocks -= lastPromise; // It was not admitted after all.
      }
      lastPromise = 0;
      int numFirst = numBlocksNeeded(step, candidate, step.startPosition(candidate) + numTokens);
      int numAll = numBlocksNeeded(step, candidate, candidate.maxNumTokens() - 1);
      if (numAll + numPromisedBlocks > step.numFreeBlocks()) {
        return Verdict.STOP;
      }
      lastPromise = numAll - numFirst;
      numRowsAtLastPromise = step.numRows();
      numPromisedBlocks += lastPromise;
      return Verdict.ADMIT;
    }

    private static int numBlocksNeeded(StepFacts step, SequenceView candidate, int numTokens) {
      return step.numBlocksNeeded(candidate, Rows.withLookahead(step, numTokens));
    }
  }
}
