package dev.weft.micrometer;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;

/**
 * A run of four requests told by hand; times are milliseconds from its start.
 *
 * <pre>
 *          prompt  n  arrives, added  cached  tokens at       ends
 * A (1)      40    1     5,  10         16    150, 260, 260   260 LENGTH
 * B (2)      20    2    20,  20          0    260, 350        350 LENGTH
 *   its fork                        (19 shared) 260           420 ERROR, preempted at 300
 * C (3)       8    1    30,  30               never           130 ABORT
 * D (4)      10    1   270, 270          0    350             420 ERROR
 *
 * step       1: 100-150        2: 160-260             3: 300-350   4: 400-420, failed
 * rows       A 24, B 12        A 1 + 2 drafts, B 8,   B 1, D 10    the fork 5, D 1
 *                              the fork 1
 * </pre>
 */
final class HandRun {
  static final ExecutorSpec SPEC = ExecutorSpec.builder().blockSize(16).numBlocks(101).numSlots(8)
      .maxNumRows(8).maxModelLen(1000).maxNumBatchedTokens(100).maxNumDraftTokens(2).build();
  private static final long START = 3_000_000_000_000L;
  private static final int A = 1;
  private static final int B = 2;
  private static final int C = 3;
  private static final int D = 4;

  private final SchedulerListener listener;
  private final PlanWriter plans = new PlanWriter();
  private final StepResult result = new StepResult(8, 2, 0);
  final FakeStats stats = new FakeStats();

  HandRun(SchedulerListener listener) {
    this.listener = listener;
  }

  static long at(long millis) {
    return START + 1_000_000 * millis;
  }

  static Request request(long id, int numPromptTokens, int numSamples, int maxNewTokens,
      long arrivalNanos) {
    return Request.builder(id, new int[numPromptTokens]).arrivalNanos(arrivalNanos)
        .sampling(SamplingParameters.builder().numSamples(numSamples).maxNewTokens(maxNewTokens)
            .build())
        .build();
  }

  HandRun all() {
    addThree();
    planFirst();
    abortWaiting();
    finishFirst();
    second();
    third();
    fourth();
    return this;
  }

  private void add(long millis, Request request) {
    listener.onAdd(request, 0, at(millis));
  }

  private void token(int id, int sample, int index, long millis) {
    listener.onToken(id, sample, index, 7, at(millis));
  }

  void addThree() {
    add(10, request(A, 40, 1, 3, at(5)));
    add(20, request(B, 20, 2, 2, Request.ARRIVES_WHEN_ADDED));
    add(30, request(C, 8, 1, 5, at(99))); // A clock that runs ahead: it arrived when added.
  }

  void planFirst() {
    listener.onAdmit(A, 0, 16, at(100));
    listener.onAdmit(B, 0, 0, at(100));
    plans.attach(0, request(A, 40, 1, 3, 0), 0).sampledRow(0, 16, new int[24])
        .attach(1, request(B, 20, 2, 2, 0), 0).row(1, 0, new int[12]);
    stats.numPrefixQueryTokens = 60;
    stats.numPrefixHitTokens = 16;
    stats.numGrants[Grant.NO_BLOCKS.ordinal()] = 1;
    countStep(36, 2);
    listener.onPlan(plans.write(), stats.load(2, 1, 0, 0.25), at(100));
  }

  private void countStep(int numTokens, int numRows) {
    stats.numSteps++;
    stats.numScheduledTokens += numTokens;
    stats.numGrants[Grant.GRANTED.ordinal()] += numRows;
  }

  /** Between the first plan and its result. */
  void abortWaiting() {
    listener.onFinish(C, 0, FinishReason.ABORT, 0, at(130));
  }

  void finishFirst() {
    token(A, 0, 0, 150);
    result.reset(1, 2);
    result.addToken(0, 7);
    result.setDeviceNanos(30_000_000);
    listener.onResult(result, stats.load(2, 0, 0, 0.25), at(150));
  }

  void second() {
    plans.sampledRow(0, 40, 7).drafts(7, 8).sampledRow(1, 12, new int[8])
        .attach(2, request(B, 20, 2, 2, 0), 1, 0).sampledRow(2, 19, 1);
    countStep(12, 3);
    listener.onPlan(plans.write(), stats.load(3, 0, 1, 0.375), at(160));
    token(A, 0, 1, 260);
    token(A, 0, 2, 260);
    token(B, 0, 0, 260);
    token(B, 1, 0, 260);
    listener.onFinish(A, 0, FinishReason.LENGTH, 3, at(260));
    result.reset(2, 3);
    result.addToken(0, 7);
    result.addToken(0, 9);
    result.addToken(1, 7);
    result.addToken(2, 7);
    result.setDeviceNanos(80_000_000);
    listener.onResult(result, stats.load(2, 0, 0, 0.125), at(260));
  }

  void third() {
    add(270, request(D, 10, 1, 9, at(270)));
    listener.onPreempt(B, 1, D, PreemptReason.POLICY, 20, 2, at(300));
    listener.onAdmit(D, 0, 0, at(300));
    plans.sampledRow(1, 20, 7).attach(0, request(D, 10, 1, 9, 0), 0).sampledRow(0, 0, new int[10]);
    countStep(11, 2);
    listener.onPlan(plans.write(), stats.load(2, 1, 0, 0.5), at(300));
    token(B, 0, 1, 350);
    token(D, 0, 0, 350);
    listener.onFinish(B, 0, FinishReason.LENGTH, 2, at(350));
    result.reset(3, 2);
    result.addToken(0, 7);
    result.addToken(1, 7);
    result.setDeviceNanos(20_000_000);
    listener.onResult(result, stats.load(1, 1, 0, 0.25), at(350));
  }

  void fourth() {
    listener.onAdmit(B, 1, 16, at(400));
    plans.attach(2, request(B, 20, 2, 2, 0), 1, 0).sampledRow(2, 16, new int[5])
        .sampledRow(0, 10, 7);
    countStep(6, 2);
    stats.numRecomputedTokens = 5;
    stats.numPolicyFailures = 3;
    stats.numDraftRefusals = 4;
    stats.numDraftingFailures = 6;
    stats.numListenerFailures = 7;
    listener.onPlan(plans.write(), stats.load(2, 0, 0, 0.25), at(400));
    listener.onFinish(B, 1, FinishReason.ERROR, 1, at(420));
    listener.onFinish(D, 0, FinishReason.ERROR, 1, at(420));
    result.reset(4, 2);
    result.failStep("a test");
    listener.onResult(result, stats.load(0, 0, 0, 0), at(420));
  }
}
