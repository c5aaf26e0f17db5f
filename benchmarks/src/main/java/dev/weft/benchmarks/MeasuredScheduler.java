package dev.weft.benchmarks;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.FullPromptGate;
import dev.weft.batching.Scheduler;
import dev.weft.batching.SchedulerBuilder;
import dev.weft.batching.VllmPolicy;
import dev.weft.engine.Both;
import dev.weft.engine.journal.FlightRecorder;
import dev.weft.engine.journal.JournalSetup;
import dev.weft.engine.journal.TokenForm;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.pagedkv.PagedKvCacheBuilder;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler and the cache of Weft. Statistics are always counted, and a listener is told of
 * every token. The time of the workloads stands still.
 */
final class MeasuredScheduler implements MeasuredEngine, Drafter {
  private static final long RING_SIZE = 64 << 20;
  final PagedKvCache kvCache;
  final Scheduler scheduler;
  private final @Nullable FlightRecorder recorder;
  private final StepResult result;
  private final Drafts drafts = new Drafts();
  private final int[] draftTokens;
  private StepPlan plan;
  private long numTokensDelivered;

  /** With the default policy, which admits whoever finds blocks for all its tokens. */
  MeasuredScheduler(MeasuredLimits limits) {
    this(limits,
        ContinuousBatchingPolicy.builder().gate(FullPromptGate.sparingBlocks(0)).build());
  }

  MeasuredScheduler(MeasuredLimits limits, SchedulingPolicy policy) {
    this(limits, policy, PagedKvCache.builder());
  }

  /** With the policy of vLLM, and equal blocks cached beside each other as there. */
  static MeasuredScheduler likeVllm(MeasuredLimits limits) {
    return new MeasuredScheduler(
        limits, VllmPolicy.fcfs(), PagedKvCache.builder().keepingCopies());
  }

  /** With the default policy and a flight recorder, whose ring no run fills. */
  static MeasuredScheduler recorded(MeasuredLimits limits, TokenForm form) {
    FlightRecorder recorder = FlightRecorder.builder().maxSize(RING_SIZE).tokens(form).build()
        .begin(new JournalSetup(
            schedulerLimits(limits), executorSpec(limits), 0, Map.of()));
    return new MeasuredScheduler(limits,
        ContinuousBatchingPolicy.builder().gate(FullPromptGate.sparingBlocks(0)).build(),
        PagedKvCache.builder(), recorder);
  }

  private MeasuredScheduler(
      MeasuredLimits limits, SchedulingPolicy policy, PagedKvCacheBuilder cacheBuilder) {
    this(limits, policy, cacheBuilder, null);
  }

  private MeasuredScheduler(MeasuredLimits limits, SchedulingPolicy policy,
      PagedKvCacheBuilder cacheBuilder, @Nullable FlightRecorder recorder) {
    this.recorder = recorder;
    SchedulerListener listener = new TokenCounter();
    SchedulerLimits schedulerLimits = schedulerLimits(limits);
    kvCache = kvCache(limits, schedulerLimits.maxNumHandles(), cacheBuilder);
    SchedulerBuilder builder =
        Scheduler.builder(schedulerLimits, executorSpec(limits), kvCache).policy(policy);
    if (limits.numDraftTokens() > 0) {
      builder.drafter(this);
    }
    if (recorder != null) {
      builder.inputs(recorder.inputs());
      listener = new Both(recorder.decisions(), listener);
    }
    scheduler = builder.listener(listener).build();
    result = new StepResult(limits.maxNumSeqs(), limits.numDraftTokens(), 0);
    draftTokens = new int[limits.numDraftTokens()];
    Arrays.fill(draftTokens, Prompts.SAMPLED_TOKEN);
    plan = scheduler.plan(0); // An empty one, so that there always is a plan.
  }

  private static SchedulerLimits schedulerLimits(MeasuredLimits limits) {
    return SchedulerLimits.builder().maxNumSeqs(limits.maxNumSeqs())
        .maxNumWaiting(limits.maxNumWaiting())
        .maxNumBatchedTokens(MeasuredLimits.MAX_BATCHED_TOKENS).maxModelLen(limits.maxModelLen())
        .vocabularySize(Prompts.VOCABULARY_SIZE).maxNumDraftTokens(limits.numDraftTokens())
        .numLookaheadTokens(limits.numDraftTokens()).build();
  }

  /** A slot rests for a step after its sequence ended, so there are enough for the next one. */
  private static ExecutorSpec executorSpec(MeasuredLimits limits) {
    return ExecutorSpec.builder().vocabularySize(Prompts.VOCABULARY_SIZE)
        .maxModelLen(limits.maxModelLen()).blockSize(MeasuredLimits.BLOCK_SIZE)
        .numBlocks(limits.numBlocks()).numSlots(2 * limits.maxNumSeqs())
        .maxNumRows(limits.maxNumSeqs()).maxNumDraftTokens(limits.numDraftTokens())
        .maxNumBatchedTokens(MeasuredLimits.MAX_BATCHED_TOKENS).build();
  }

  private static PagedKvCache kvCache(
      MeasuredLimits limits, int maxNumSequences, PagedKvCacheBuilder builder) {
    builder.numBlocks(limits.numBlocks())
        .maxNumSequences(maxNumSequences).maxNumHolders(limits.maxNumSeqs())
        .maxNumBlocksPerSequence(limits.maxModelLen() / MeasuredLimits.BLOCK_SIZE);
    return limits.cachesPrefixes() ? builder.build() : builder.withoutPrefixes().build();
  }

  @Override public Runnable prepare(long id, int[] prompt, int maxNewTokens) {
    Request request =
        Request.builder(id, prompt).sampling(SamplingParameters.greedy(maxNewTokens)).build();
    return () -> add(request);
  }

  void add(Request request) {
    AddResult added = scheduler.add(request, 0);
    if (!added.isAccepted()) {
      throw new IllegalStateException(added.toString());
    }
  }

  @Override public void plan() {
    plan = scheduler.plan(0);
  }

  StepPlan planned() {
    return plan;
  }

  @Override public int numRows() {
    return plan.numRows();
  }

  @Override public int numTokens() {
    return plan.numTokens();
  }

  @Override public int complete() {
    int numSampled = 0;
    result.reset(plan.stepId(), plan.numRows());
    for (int row = 0; row < plan.numRows(); row++) {
      if (plan.isSampled(row)) {
        result.addToken(row, Prompts.SAMPLED_TOKEN);
        numSampled++;
      }
    }
    return numSampled;
  }

  /**
   * Lets the device accept the first so many drafts of a row, all of which are what it samples;
   * after {@link #complete}.
   */
  void accept(int row, int numAccepted) {
    for (int i = 0; i < numAccepted; i++) {
      result.addToken(row, Prompts.SAMPLED_TOKEN);
    }
  }

  @Override public void update() {
    if (!plan.isEmpty()) {
      scheduler.update(result, 0);
    }
  }

  /** Proposes as many drafts as may be for each sequence that the last step sampled. */
  void propose() {
    scheduler.draft(0);
  }

  @Override public int maxNumDraftTokens() {
    return draftTokens.length;
  }

  @Override public void propose(DraftBatch batch) {
    int numSequences = batch.numSequences();
    for (int i = 0; i < numSequences; i++) {
      drafts.setChain(draftTokens, Math.min(draftTokens.length, batch.maxNumDraftTokens(i)));
      batch.propose(i, drafts);
    }
  }

  @Override public boolean isIdle() {
    return scheduler.isIdle();
  }

  @Override public int numWaiting() {
    return scheduler.stats().numWaiting();
  }

  @Override public int numFreeBlocks() {
    return kvCache.numFreeBlocks();
  }

  @Override public int numCachedBlocks() {
    return kvCache.numCachedBlocks();
  }

  @Override public long numPreemptions() {
    return scheduler.stats().numPreemptions();
  }

  @Override public long numTokensDelivered() {
    return numTokensDelivered;
  }

  @Override public long numBytesRecorded() {
    return recorder == null ? 0 : recorder.size();
  }

  @Override public void clearPrefixes() {
    if (!kvCache.clearPrefixes()) {
      throw new IllegalStateException("a block is held");
    }
  }

  /** What a server would do with the tokens, as little as can be. */
  private final class TokenCounter implements SchedulerListener {
    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      numTokensDelivered++;
    }
  }
}
