package dev.weft.engine.journal;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.Scheduler;
import dev.weft.batching.SchedulerBuilder;
import dev.weft.engine.EngineProfile;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A scheduler with a flight recorder, driven by hand; its device samples what it is told. */
final class RecordedScheduler {
  static final int VOCABULARY = 100;
  static final int BLOCK_SIZE = 4;
  final SchedulerLimits limits;
  final FlightRecorder recorder;
  final Scheduler scheduler;
  final KvCache kvCache;
  private final StepResult result;
  long nowNanos = 1_000;
  private long nextId = 1;
  private int lastToken = 7;
  private final Drafts proposed = new Drafts();
  DraftLengthPolicy draftLengths = DraftLengthPolicy.LONGEST;

  RecordedScheduler(TokenForm form, long maxSize) {
    this(form, maxSize, 4, 0);
  }

  RecordedScheduler(TokenForm form, long maxSize, int maxNumSeqs, int maxNumDrafts) {
    limits = SchedulerLimits.builder().maxNumSeqs(maxNumSeqs).maxNumWaiting(64)
        .maxNumBatchedTokens(64).maxModelLen(4_096).vocabularySize(VOCABULARY)
        .maxNumDraftTokens(maxNumDrafts).maxInFlight(2).build();
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(VOCABULARY).maxModelLen(4_096)
        .blockSize(BLOCK_SIZE).numBlocks(1 + maxNumSeqs * 1_024).numSlots(2 * maxNumSeqs)
        .maxNumRows(maxNumSeqs).maxNumBatchedTokens(64).maxNumDraftTokens(maxNumDrafts)
        .maxInFlight(2).build();
    kvCache = EngineProfile.standard().kvCache(limits, spec).build();
    JournalSetup setup = new JournalSetup(limits, spec, 0, Map.of(
        JournalSetup.POLICY, ContinuousBatchingPolicy.class.getName()));
    recorder =
        FlightRecorder.builder().tokens(form).maxSize(maxSize).build().begin(setup);
    SchedulerBuilder builder = Scheduler.builder(limits, spec, kvCache).inputs(recorder.inputs())
        .listener(recorder.decisions());
    if (maxNumDrafts > 0) {
      builder.drafter(new ProposedDrafter()).draftLengths(lengths -> draftLengths.choose(lengths));
    }
    scheduler = builder.build();
    result = StepResult.of(limits);
  }

  /** Adds a request; returns its id. */
  long add(SamplingParameters sampling, int... prompt) {
    AddResult answer = scheduler.add(
        Request.builder(nextId, prompt).sampling(sampling).tenant("someone").build(), nowNanos);
    if (!answer.isAccepted()) {
      throw new IllegalStateException(answer.toString());
    }
    return nextId++;
  }

  long add(int maxNewTokens, int... prompt) {
    return add(SamplingParameters.greedy(maxNewTokens), prompt);
  }

  /** Plans a step and applies its result, in which each sampled row gets another token. */
  void step() {
    StepPlan plan = scheduler.plan(nowNanos += 1_000);
    if (!plan.isEmpty()) {
      complete(plan, -1);
    }
  }

  /** As {@link #step}, where each sampled row gets this token. */
  void step(int token) {
    complete(scheduler.plan(nowNanos += 1_000), token);
  }

  private void complete(StepPlan plan, int token) {
    result.reset(plan.stepId(), plan.numRows());
    for (int row = 0; row < plan.numRows(); row++) {
      if (plan.isSampled(row)) {
        lastToken = (lastToken * 31 + 17) % VOCABULARY;
        result.addToken(row, token < 0 ? lastToken : token);
      }
    }
    scheduler.update(result, nowNanos += 1_000);
  }

  /** Fails a step, and reports the tokens of one that was planned behind it. */
  void failBefore(StepPlan failed, StepPlan behind) {
    result.reset(failed.stepId(), failed.numRows());
    result.failStep("on purpose");
    scheduler.update(result, nowNanos);
    complete(behind, 5);
  }

  /** Proposes the same drafts for everybody. */
  void propose(int... drafts) {
    proposed.setChain(drafts, drafts.length);
    scheduler.draft(nowNanos);
  }

  /** Runs until nobody lives. */
  void finish() {
    while (!scheduler.isIdle()) {
      step();
    }
    step(); // Tells that the last slots are left.
  }

  /** What the recorder writes, as bytes. */
  byte[] bytes(Path folder) throws IOException {
    Path file = folder.resolve("recorded.weftlog");
    recorder.writeTo(file);
    return Files.readAllBytes(file);
  }

  /** Proposes the same for everybody. */
  private final class ProposedDrafter implements Drafter {
    @Override public int maxNumDraftTokens() {
      return limits.maxNumDraftTokens();
    }

    @Override public void propose(DraftBatch batch) {
      for (int i = 0; i < batch.numSequences(); i++) {
        batch.propose(i, proposed);
      }
    }
  }
}
