package dev.weft.benchmarks.speculation;

import dev.weft.batching.Scheduler;
import dev.weft.batching.SchedulerBuilder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.List;
import java.util.function.ObjIntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler, the target on a host executor and a drafter or none, on one thread, as an engine
 * runs them: drafts are made between two steps, and whoever is not drafted is planned ahead.
 * Prompts are never shared.
 */
final class Server implements AutoCloseable {
  static final int BLOCK_SIZE = 16;
  private static final long WAIT_NANOS = 1_000_000_000;

  private final HostExecutor executor;
  private final Scheduler scheduler;
  private final StepResult result;
  private final Counts counts = new Counts();
  private final @Nullable Renewed drafter;
  private final Output output = new Output();
  private long nextRequestId;
  private long draftNanos;
  private long numSteps;

  /** @param drafters makes a drafter, or a new one instead of it; null drafts nothing */
  Server(Models models, @Nullable Supplier<Drafter> drafters, ServerSize size) {
    executor = HostExecutor.builder(models.target()).numThreads(size.numThreads())
        .blockSize(BLOCK_SIZE).numBlocks(size.numBlocks()).maxNumRows(size.maxNumSeqs())
        .maxModelLen(size.maxModelLen()).maxNumDraftTokens(DrafterKind.MAX_NUM_DRAFT_TOKENS)
        .maxNumBatchedTokens(size.maxNumBatchedTokens()).maxInFlight(size.maxInFlight()).build();
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(size.maxNumSeqs())
        .maxNumWaiting(size.maxNumSeqs()).maxNumBatchedTokens(size.maxNumBatchedTokens())
        .maxModelLen(size.maxModelLen()).vocabularySize(models.target().vocabularySize())
        .maxNumDraftTokens(DrafterKind.MAX_NUM_DRAFT_TOKENS).maxInFlight(size.maxInFlight())
        .build();
    PagedKvCache kvCache = PagedKvCache.builder().numBlocks(size.numBlocks())
        .maxNumSequences(limits.maxNumHandles()).maxNumHolders(size.maxNumSeqs())
        .maxNumBlocksPerSequence(size.numBlocksEach()).withoutPrefixes().build();
    SchedulerBuilder builder = Scheduler.builder(limits, executor.spec(), kvCache)
        .listener(output);
    drafter = drafters == null ? null : new Renewed(drafters);
    if (drafter != null) {
      builder.drafter(drafter).draftLengths(counts);
    }
    scheduler = builder.build();
    result = StepResult.of(limits);
  }

  /** Takes a new drafter in the place of the one before; nothing may run. */
  void renewDrafter() {
    if (drafter != null) {
      drafter.renew();
    }
  }

  /**
   * Serves prompts, so many at once: the next ones begin when all of the last ones have ended.
   *
   * @param sampling of all requests; the seed of a request is its index
   * @param lengths  how many drafts; not asked where there is no drafter
   */
  Served serve(List<int[]> prompts, int batchSize, SamplingParameters sampling,
      DraftLengthPolicy lengths) {
    return serve(prompts, batchSize, sampling, lengths, (request, index) -> {});
  }

  /**
   * The same.
   *
   * @param more sets what else a request needs, which it gets with its index
   */
  Served serve(List<int[]> prompts, int batchSize, SamplingParameters sampling,
      DraftLengthPolicy lengths, ObjIntConsumer<Request.Builder> more) {
    counts.begin(lengths);
    int[][] tokens = new int[prompts.size()][sampling.maxNewTokens()];
    long nanos = 0;
    long draftNanosTimed = 0;
    long numStepsTimed = 0;
    for (int begin = 0; begin < prompts.size(); begin += batchSize) {
      int end = Math.min(prompts.size(), begin + batchSize);
      output.begin(nextRequestId - begin, tokens);
      for (int i = begin; i < end; i++) {
        Request.Builder request = Request.builder(nextRequestId++, prompts.get(i))
            .sampling(sampling.toBuilder().seed(i).build());
        more.accept(request, i);
        add(request.build());
      }
      runUntil(end - begin);
      draftNanos = 0;
      numSteps = 0;
      long start = System.nanoTime();
      runUntil((long) (end - begin) * sampling.maxNewTokens());
      nanos += System.nanoTime() - start;
      draftNanosTimed += draftNanos;
      numStepsTimed += numSteps;
      while (!scheduler.isIdle()) {
        step();
      }
    }
    return new Served(List.of(tokens), nanos, draftNanosTimed, numStepsTimed, counts.numRows(),
        counts.numTokens(), counts.drafts());
  }

  private void add(Request request) {
    AddResult added = scheduler.add(request, System.nanoTime());
    if (!added.isAccepted()) {
      throw new IllegalStateException(added.toString());
    }
  }

  private void runUntil(long numTokensWanted) {
    while (output.numTokens < numTokensWanted) {
      step();
    }
  }

  /** Drafts, keeps the executor supplied and applies one result. */
  private void step() {
    if (drafter != null) {
      long start = System.nanoTime();
      scheduler.draft(start);
      draftNanos += System.nanoTime() - start;
    }
    while (scheduler.canPlan()) {
      StepPlan plan = scheduler.plan(System.nanoTime());
      if (plan.isEmpty() || !executor.submit(plan)) {
        break;
      }
    }
    awaitResult();
    numSteps++;
    scheduler.update(result, System.nanoTime());
    if (output.failure != null) {
      throw output.failure;
    }
  }

  private void awaitResult() {
    try {
      while (!executor.poll(result)) {
        if (!executor.await(WAIT_NANOS) && !executor.failureMessage().isEmpty()) {
          throw new IllegalStateException(executor.failureMessage());
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override public void close() {
    if (drafter != null) {
      drafter.close();
    }
    executor.close();
  }

  /** Keeps what is delivered, and the first failure of a drafter or a policy. */
  private static final class Output implements SchedulerListener {
    private int[][] tokens = {};
    private long firstRequestId;
    private long numTokens;
    private @Nullable RuntimeException failure;

    void begin(long first, int[][] target) {
      firstRequestId = first;
      tokens = target;
      numTokens = 0;
    }

    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      tokens[Math.toIntExact(requestId - firstRequestId)][outputIndex] = token;
      numTokens++;
    }

    @Override public void onDraftsRefused(long requestId, int sampleIndex, DraftAnswer answer,
        long nowNanos) {
      failure = new IllegalStateException("request " + requestId + ": " + answer);
    }

    @Override public void onDraftingFailure(RuntimeException thrown, long nowNanos) {
      failure = thrown;
    }
  }
}
