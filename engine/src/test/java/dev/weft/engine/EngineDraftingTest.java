package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.speculative.DraftModel;
import dev.weft.speculative.ModelDrafter;
import dev.weft.speculative.ModelExpander;
import dev.weft.speculative.TreeDrafter;
import dev.weft.testkit.HashModelExecutor;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine with a drafter: the same tokens, sooner; a slow drafter rests. */
final class EngineDraftingTest {
  private static final int NUM_DRAFTS = 3;
  private static final Duration LIMIT = Duration.ofMillis(1);

  private EngineHarness harness;
  private WeftEngine engine;
  private long nowNanos;

  private static ExecutorSpec.Builder spec(int maxInFlight) {
    return ExecutorSpec.builder().vocabularySize(EngineHarness.VOCABULARY_SIZE)
        .maxModelLen(EngineHarness.MAX_MODEL_LEN).blockSize(4).numBlocks(80).numSlots(8)
        .maxNumRows(4).maxNumBatchedTokens(32).maxInFlight(maxInFlight)
        .maxNumDraftTokens(NUM_DRAFTS);
  }

  private static WeftEngineBuilder builder(ExecutorSpec spec) {
    return WeftEngine.builder(HashModelExecutor.completingAtOnce(spec));
  }

  /** The hash model drafts for itself, so that every draft comes out. */
  private static DraftModel draftModel() {
    return DraftModel.over(HashModelExecutor.completingAtOnce(
        spec(1).numBlocks(4 * 16 + 1).build()), () -> 0);
  }

  private EngineHarness run(WeftEngineBuilder builder, int numRequests)
      throws InterruptedException {
    harness = new EngineHarness(builder).addMany(numRequests);
    harness.engine.runUntilIdle();
    harness.assertAllEnded();
    return harness;
  }

  @ParameterizedTest @ValueSource(ints = {1, 2, 3})
  void aDraftModelSavesStepsAndChangesNoToken(int maxInFlight) throws InterruptedException {
    long numSteps = run(builder(spec(maxInFlight).build()), 12).engine.stats().numSteps();

    run(builder(spec(maxInFlight).build()).drafter(new ModelDrafter(draftModel(), NUM_DRAFTS)), 12);

    assertThat(harness.engine.stats().numAcceptedDraftTokens()).isGreaterThan(30);
    assertThat(harness.engine.stats().numSteps()).isLessThan(numSteps);
    assertThat(harness.engine.stats().numDraftRefusals()).isZero();
  }

  @Test void aTreeDrafterChangesNoToken() throws InterruptedException {
    run(builder(spec(2).verifiesTrees(true).build())
        .drafter(new TreeDrafter(new ModelExpander(draftModel(), 2, 2), NUM_DRAFTS)), 12);

    assertThat(harness.engine.stats().numAcceptedDraftTokens()).isGreaterThan(30);
    assertThat(harness.engine.stats().numDraftRefusals()).isZero();
  }

  @Test void stepsOfTheHostAreDraftedToo() throws InterruptedException {
    harness = new EngineHarness(builder(spec(1).build())
        .drafter(new ModelDrafter(draftModel(), NUM_DRAFTS))).addMany(3);
    while (harness.engine.runStep()) {
      assertThat(harness.engine.stats().numInFlight()).isZero();
    }
    harness.assertAllEnded();
    assertThat(harness.engine.stats().numAcceptedDraftTokens()).isPositive();
  }

  @Test void theEngineClosesItsDrafter() {
    ClockedDrafter drafter = new ClockedDrafter();
    WeftEngine engine = builder(spec(1).build()).drafter(drafter).build();

    engine.close();

    assertThat(drafter.isClosed).isTrue();
  }

  @Test void anExecutorThatVerifiesNothingIsRefusedWithADrafter() {
    WeftEngineBuilder builder =
        builder(spec(1).maxNumDraftTokens(0).build()).drafter(new ClockedDrafter());

    assertThatIllegalArgumentException().isThrownBy(builder::build)
        .withMessage("a drafter is set, but the executor verifies no drafts: maxNumDraftTokens of "
            + "its spec is 0, must be 1 or more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.draftTimeLimit(Duration.ZERO))
        .withMessage("draftTimeLimit is PT0S, must be above 0");
  }

  // ---- rests

  /** Takes {@code nanosPerCall} of the engine's clock, and proposes what never comes out. */
  private final class ClockedDrafter implements Drafter {
    private long nanosPerCall;
    private int numCalls;
    private boolean isClosed;

    @Override public int maxNumDraftTokens() {
      return 1;
    }

    @Override public void propose(DraftBatch batch) {
      numCalls++;
      nowNanos += nanosPerCall;
    }

    @Override public void close() {
      isClosed = true;
    }
  }

  /** One request that generates for long, stepped by hand. */
  private void begin(ClockedDrafter drafter, DraftLengthPolicy lengths) {
    engine = builder(spec(1).maxModelLen(4096).numBlocks(1100).build()).clock(() -> nowNanos)
        .drafter(drafter).draftLengths(lengths).draftTimeLimit(LIMIT).build();
    engine.submit(Request.builder(1, 1, 2, 3).sampling(SamplingParameters.greedy(4000)).build());
  }

  private void begin(ClockedDrafter drafter) {
    begin(drafter, DraftLengthPolicy.LONGEST);
  }

  private int numCallsIn(ClockedDrafter drafter, int numSteps) throws InterruptedException {
    int before = drafter.numCalls;
    for (int i = 0; i < numSteps; i++) {
      assertThat(engine.runStep()).isTrue();
    }
    return drafter.numCalls - before;
  }

  @Test void aHopelessDrafterIsAskedMoreAndMoreSeldom() throws InterruptedException {
    ClockedDrafter drafter = new ClockedDrafter();
    drafter.nanosPerCall = 100 * LIMIT.toNanos();
    begin(drafter);

    assertThat(numCallsIn(drafter, 200)).isBetween(6, 9); // rests of 16, later 32, 64 …
    assertThat(engine.numLateDraftCalls()).isEqualTo(drafter.numCalls);
    assertThat(numCallsIn(drafter, 1000)).isBetween(3, 5); // and of 256 at most
  }

  @Test void aDrafterThatBecomesFastIsAskedAgainEveryStep() throws InterruptedException {
    ClockedDrafter drafter = new ClockedDrafter();
    drafter.nanosPerCall = 100 * LIMIT.toNanos();
    begin(drafter);
    numCallsIn(drafter, 200);
    drafter.nanosPerCall = LIMIT.toNanos() / 2;

    numCallsIn(drafter, 200);
    long numLate = engine.numLateDraftCalls();

    assertThat(numCallsIn(drafter, 50)).isEqualTo(50);
    assertThat(engine.numLateDraftCalls()).isEqualTo(numLate);
  }

  @Test void aDrafterSomewhatTooSlowTakesNoMoreThanItsShare() throws InterruptedException {
    ClockedDrafter drafter = new ClockedDrafter();
    drafter.nanosPerCall = 3 * LIMIT.toNanos();
    begin(drafter);

    long before = nowNanos;
    int numCalls = numCallsIn(drafter, 600);

    assertThat(numCalls).isGreaterThan(600 / 6);
    assertThat(nowNanos - before)
        .isLessThanOrEqualTo((600 + DraftPace.NUM_STEPS_SAVED + 2) * LIMIT.toNanos());
  }

  @Test void oneLongCallAfterManyShortOnesIsNoOffence() throws InterruptedException {
    ClockedDrafter drafter = new ClockedDrafter();
    drafter.nanosPerCall = LIMIT.toNanos() / 10;
    begin(drafter);
    numCallsIn(drafter, 30);
    drafter.nanosPerCall = 10 * LIMIT.toNanos();
    numCallsIn(drafter, 1);
    drafter.nanosPerCall = LIMIT.toNanos() / 10;

    assertThat(numCallsIn(drafter, 30)).isEqualTo(30);
    assertThat(engine.numLateDraftCalls()).isZero();
  }

  @Test void aPolicyThatChoosesOnceIsNotForgottenDuringARest() throws InterruptedException {
    ClockedDrafter drafter = new ClockedDrafter();
    drafter.nanosPerCall = 100 * LIMIT.toNanos();
    boolean[] hasChosen = {false};
    begin(drafter, lengths -> {
      if (!hasChosen[0]) {
        lengths.set(0, 1);
      }
      hasChosen[0] = true;
    });

    assertThat(numCallsIn(drafter, 200)).isBetween(6, 9);
  }
}
