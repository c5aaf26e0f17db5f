package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceSeed;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModel;
import dev.weft.testkit.HashModelExecutor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A scheduler over a naive cache and {@link HashModelExecutor}, driven call by call: every wrong
 * context becomes a wrong token. All books are recounted after every call.
 *
 * <p>As it comes: 4 running and 8 waiting sequences, 32 tokens a step, 64 tokens a sequence, 64
 * blocks of 4 positions, one step in flight, {@link TestPolicy}.
 *
 * <p>Over 400 lines because every test of the module speaks through it.
 */
final class SchedulerHarness {
  static final int VOCABULARY_SIZE = 97;
  static final int BLOCK_SIZE = 4;
  private static final int MAX_NUM_STEPS = 2000;

  final Scheduler scheduler;
  final KvCache cache;
  final TestPolicy policy;
  final RecordingListener heard;
  final StepResult result;
  private final SchedulerLimits limits;
  private final ExecutorSpec spec;
  final CalledDrafter drafter = new CalledDrafter();
  DraftLengthPolicy draftLengths = DraftLengthPolicy.LONGEST;
  HashModelExecutor executor;
  long now = 1000;

  private SchedulerHarness(Builder b) {
    limits = b.limits.build();
    cache = b.cache;
    policy = b.policy;
    heard = b.listener;
    spec = b.changeSpec.apply(ExecutorSpec.builder().vocabularySize(VOCABULARY_SIZE)
        .maxModelLen(limits.maxModelLen()).blockSize(BLOCK_SIZE).numBlocks(cache.numBlocks() + 1)
        .numSlots(2 * limits.maxNumSeqs()).maxNumRows(limits.maxNumSeqs())
        .maxNumBatchedTokens(limits.maxNumBatchedTokens()).maxInFlight(limits.maxInFlight())
        .maxNumDraftTokens(limits.maxNumDraftTokens())).build();
    executor = HashModelExecutor.completingOnDemand(spec);
    result = new StepResult(spec.maxNumRows(), spec.maxNumDraftTokens(), 20);
    SchedulerBuilder builder = Scheduler.builder(limits, spec, cache)
        .policy(b.wrapPolicy.apply(policy)).listener(heard).seed(b.seed);
    if (limits.maxNumDraftTokens() > 0) {
      builder.drafter(drafter).draftLengths(new CurrentLengths());
    }
    scheduler = builder.build();
  }

  static SchedulerHarness create() {
    return builder().build();
  }

  static Builder builder() {
    return new Builder();
  }

  // ---- requests

  /** A greedy request with a prompt of its own. */
  static Request request(long id, int numPromptTokens, int numNewTokens) {
    return asking(id, numPromptTokens, SamplingParameters.greedy(numNewTokens)).build();
  }

  /** A request of several samples, which draw at a temperature. */
  static Request samples(long id, int numPromptTokens, int numNewTokens, int numSamples) {
    return asking(id, numPromptTokens, SamplingParameters.builder().maxNewTokens(numNewTokens)
        .temperature(1).seed(id).numSamples(numSamples).build()).build();
  }

  static Request.Builder asking(long id, int numPromptTokens, SamplingParameters sampling) {
    return Request.builder(id, prompt(id, numPromptTokens)).sampling(sampling);
  }

  /** Tokens that depend on the id from the first one on. */
  static int[] prompt(long id, int numTokens) {
    int[] prompt = new int[numTokens];
    Arrays.setAll(prompt, i -> Math.floorMod(id * 31 + i * 7L, VOCABULARY_SIZE));
    return prompt;
  }

  /** Adds requests, which must be accepted. */
  SchedulerHarness add(Request... requests) {
    for (Request request : requests) {
      AddResult added = tryAdd(request);
      assertThat(added).as(added.message()).isEqualTo(AddResult.ACCEPTED);
    }
    return this;
  }

  AddResult tryAdd(Request request) {
    AddResult added = scheduler.add(request, now);
    scheduler.checkIntegrity();
    return added;
  }

  boolean abort(long requestId) {
    boolean isLive = scheduler.abort(requestId, now);
    scheduler.checkIntegrity();
    return isLive;
  }

  // ---- steps

  /** Plans a step and, when it is not empty, submits it. */
  StepPlan plan() {
    StepPlan plan = scheduler.plan(now);
    scheduler.checkIntegrity();
    if (!plan.isEmpty()) {
      assertThat(executor.submit(plan)).isTrue();
    }
    return plan;
  }

  /** Plans one step by these verbs alone; what they throw comes out. */
  StepPlan plan(Consumer<StepBuilder> verbs) {
    Consumer<StepBuilder> before = policy.plan;
    int numFailures = heard.policyFailures.size();
    policy.plan = verbs;
    StepPlan plan = plan();
    policy.plan = before;
    if (heard.policyFailures.size() > numFailures) {
      throw heard.policyFailures.get(numFailures);
    }
    return plan;
  }

  /** Completes the oldest step in flight and applies its result. */
  SchedulerHarness complete() {
    assertThat(executor.completeNext()).isTrue();
    return update();
  }

  /** Applies the result of a step that has completed. */
  SchedulerHarness update() {
    assertThat(executor.poll(result)).isTrue();
    scheduler.update(result, now);
    scheduler.checkIntegrity();
    return this;
  }

  /** Completes and applies all that is in flight. */
  SchedulerHarness drain() {
    while (executor.numInFlight() > 0) {
      complete();
    }
    return this;
  }

  /** One step from planning to its result; its rows as text. */
  String step() {
    String rows = PlanText.rows(plan());
    drain();
    return rows;
  }

  String step(Consumer<StepBuilder> verbs) {
    String rows = PlanText.rows(plan(verbs));
    drain();
    return rows;
  }

  /** Proposes drafts for a sample that the step applied last sampled. */
  SchedulerHarness propose(long requestId, int sampleIndex, int... drafts) {
    Drafts chain = new Drafts().setChain(drafts, drafts.length);
    assertThat(answer(requestId, sampleIndex, chain)).isEqualTo(DraftAnswer.TAKEN);
    return this;
  }

  /** What is answered when drafts are proposed for a sample that must be in the batch. */
  DraftAnswer answer(long requestId, int sampleIndex, Drafts drafts) {
    int handle = sequence(requestId, sampleIndex).handle();
    List<DraftAnswer> answers = new ArrayList<>();
    draft(batch -> {
      for (int i = 0; i < batch.numSequences(); i++) {
        if (batch.handle(i) == handle) {
          answers.add(batch.propose(i, drafts));
        }
      }
    });
    assertThat(answers).as("answers of the batch").hasSize(1);
    return answers.get(0);
  }

  /** Has drafts made by somebody, who is not called when there is nobody to draft. */
  SchedulerHarness draft(Consumer<DraftBatch> proposer) {
    drafter.proposer = proposer;
    scheduler.draft(now);
    scheduler.checkIntegrity();
    return this;
  }

  /** Number of sequences that can be drafted now. */
  int numToDraft() {
    int[] num = new int[1];
    draft(batch -> num[0] = batch.numSequences());
    return num[0];
  }

  /** Most drafts of the first sequence that can be drafted now. */
  int maxNumDraftTokens() {
    int[] most = new int[1];
    draft(batch -> most[0] = batch.maxNumDraftTokens(0));
    return most[0];
  }

  /** Runs, with as many steps in flight as may be, until nothing lives. */
  SchedulerHarness run() {
    for (int i = 0; !scheduler.isIdle(); i++) {
      assertThat(i).as("steps until idle").isLessThan(MAX_NUM_STEPS);
      boolean isEmpty = false;
      while (!isEmpty && scheduler.canPlan() && !scheduler.isIdle()) {
        isEmpty = plan().isEmpty();
      }
      if (executor.numInFlight() > 0) {
        complete();
      }
    }
    return this;
  }

  /** The executor dies with all that is in flight; a fresh one takes its place. */
  SchedulerHarness loseExecutor(DeadExecutorMode mode) {
    executor = HashModelExecutor.completingOnDemand(spec);
    scheduler.onExecutorDead(mode, now);
    scheduler.checkIntegrity();
    return this;
  }

  // ---- what must hold

  /** The live sequence of a sample, in the running or the waiting list. */
  SequenceView sequence(long requestId, int sampleIndex) {
    List<SequenceView> found = new ArrayList<>();
    for (int i = 0; i < scheduler.running().size(); i++) {
      found.add(scheduler.running().get(i));
    }
    for (int i = 0; i < scheduler.waiting().size(); i++) {
      found.add(scheduler.waiting().get(i));
    }
    return found.stream()
        .filter(view -> view.requestId() == requestId && view.sampleIndex() == sampleIndex)
        .findFirst().orElseThrow();
  }

  SequenceView sequence(long requestId) {
    return sequence(requestId, 0);
  }

  /** All samples ended, each with the tokens and the reason of a run alone. */
  SchedulerHarness assertRanAsIfAlone(Request... requests) {
    for (Request request : requests) {
      for (int sample = 0; sample < request.sampling().numSamples(); sample++) {
        assertRanAsIfAlone(request, sample);
      }
    }
    return this;
  }

  void assertRanAsIfAlone(Request request, int sample) {
    String name = request.id() + "/" + sample;
    List<Integer> alone = alone(request, sample);
    assertThat(heard.tokens(request.id(), sample)).as(name).isEqualTo(alone);
    boolean isStopped = request.sampling().isStopToken(alone.get(alone.size() - 1))
        && alone.size() >= request.sampling().minNewTokens();
    assertThat(heard.reason(request.id(), sample)).as(name)
        .isEqualTo(isStopped ? FinishReason.STOP : FinishReason.LENGTH);
  }

  /** What was heard of a sample so far is how a run alone begins. */
  void assertBeganAsIfAlone(Request request, int sample, int numTokens) {
    assertThat(heard.tokens(request.id(), sample)).as(request.id() + "/" + sample)
        .isEqualTo(alone(request, sample).subList(0, numTokens));
  }

  /** Output of a sample of an added request when nobody is beside it; masks are ignored. */
  List<Integer> alone(Request request, int sample) {
    HashModel model = new HashModel(VOCABULARY_SIZE);
    HashModel.Context context = new HashModel.Context(request.adapterId());
    for (int i = 0; i < request.numPromptTokens(); i++) {
      context.append(request.promptToken(i));
    }
    SamplingParameters sampling = request.sampling();
    long seed = SequenceSeed.ofSample(heard.seed(request.id()), sample);
    List<Integer> output = new ArrayList<>();
    boolean isEnd = false;
    while (!isEnd) {
      int token = model.choose(context.logits(), sampling, seed, request.numPromptTokens(),
          context.numTokens(), null);
      context.append(token);
      output.add(token);
      isEnd = (sampling.isStopToken(token) && output.size() >= sampling.minNewTokens())
          || output.size() == sampling.maxNewTokens()
          || context.numTokens() == limits.maxModelLen();
    }
    return output;
  }

  /** Nothing lives, and no block, slot or handle is missing. */
  SchedulerHarness assertAllReturned() {
    drain();
    while (!plan().isEmpty()) {
      drain();
    }
    assertThat(scheduler.isIdle()).isTrue();
    assertThat(scheduler.hasWork()).isFalse();
    assertThat(cache.numFreeBlocks()).isEqualTo(cache.numBlocks());
    scheduler.checkIntegrity();
    return this;
  }

  /** The policy of draft lengths that the test has set last. */
  private final class CurrentLengths implements DraftLengthPolicy {
    @Override public void choose(DraftLengths lengths) {
      draftLengths.choose(lengths);
    }

    @Override public void onStep(StepFeedback feedback) {
      draftLengths.onStep(feedback);
    }

    @Override public void onFinish(SequenceView sequence) {
      draftLengths.onFinish(sequence);
    }
  }

  /** Collects what a test changes. */
  static final class Builder {
    private SchedulerLimits.Builder limits = SchedulerLimits.builder()
        .maxNumSeqs(4).maxNumWaiting(8).maxNumBatchedTokens(32).maxModelLen(64)
        .vocabularySize(VOCABULARY_SIZE);
    private UnaryOperator<ExecutorSpec.Builder> changeSpec = spec -> spec;
    private UnaryOperator<SchedulingPolicy> wrapPolicy = policy -> policy;
    private KvCache cache = TestKvCache.withPrefixes(64, BLOCK_SIZE);
    private final TestPolicy policy = new TestPolicy();
    private RecordingListener listener = new RecordingListener();
    private long seed;

    private Builder() {}

    Builder limits(UnaryOperator<SchedulerLimits.Builder> change) {
      limits = change.apply(limits);
      return this;
    }

    Builder spec(UnaryOperator<ExecutorSpec.Builder> change) {
      changeSpec = change;
      return this;
    }

    Builder cache(KvCache value) {
      cache = value;
      return this;
    }

    /** So many blocks, and no prefix is ever found. */
    Builder plainBlocks(int numBlocks) {
      return cache(TestKvCache.withoutPrefixes(numBlocks, BLOCK_SIZE));
    }

    Builder policy(Consumer<TestPolicy> change) {
      change.accept(policy);
      return this;
    }

    /** Uses another policy in place of the {@link TestPolicy}, or around it. */
    Builder wrapPolicy(UnaryOperator<SchedulingPolicy> wrap) {
      wrapPolicy = wrap;
      return this;
    }

    Builder listener(RecordingListener value) {
      listener = value;
      return this;
    }

    Builder seed(long value) {
      seed = value;
      return this;
    }

    SchedulerHarness build() {
      return new SchedulerHarness(this);
    }
  }
}
