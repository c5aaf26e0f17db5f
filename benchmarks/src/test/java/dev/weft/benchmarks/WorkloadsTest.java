package dev.weft.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each workload does the work that its definition says, on a small scale; nothing is timed. */
final class WorkloadsTest {
  @ParameterizedTest
  @CsvSource({"WEFT,1,0", "VLLM,16,9", "WEFT,16,0", "WEFT,20,500", "NAIVE,16,0", "NAIVE,20,7",
      "RECORDED,16,0", "RECORDED_CLEAR,16,3"})
  void decodeGivesEachRequestATokenAStep(EngineKind engine, int numRequests, int numWaiting) {
    assertThatCode(() -> new DecodeWorkload(engine, numRequests, numWaiting, 160).run())
        .doesNotThrowAnyException();
  }

  @ParameterizedTest @ValueSource(ints = {2, 16, 20})
  void draftsGiveEachRequestThreeTokensAStep(int numRequests) {
    assertThatCode(() -> new DraftWorkload(numRequests, 160).run()).doesNotThrowAnyException();
  }

  /** Of two drafts for everybody, 0, 1 and three times 2 are accepted in five steps. */
  @Test void fixedLengthsGainWhatIsAccepted() {
    LengthWorkload workload = new LengthWorkload(LengthWorkload.Kind.FIXED, 10);
    long numGained = 0;
    for (int step = 0; step < 5; step++) {
      numGained += workload.step();
    }

    assertThat(numGained).isEqualTo(10L * (5 + 0 + 1 + 3 * 2));
  }

  @ParameterizedTest @EnumSource
  void lengthsGainMoreThanNoDrafts(LengthWorkload.Kind kind) {
    LengthWorkload workload = new LengthWorkload(kind, 64);
    long numGained = 0;
    for (int step = 0; step < 200; step++) {
      numGained += workload.step();
    }

    assertThat(numGained).isGreaterThan(64 * 200);
  }

  @ParameterizedTest @EnumSource
  void servingCountsToWhatVllmCounts(ServingKind kind) {
    assertThatCode(() -> new ServingWorkload(EngineKind.VLLM, kind).run())
        .doesNotThrowAnyException();
  }

  @ParameterizedTest @EnumSource
  void servingByTheDefaultPolicyCountsTheSame(ServingKind kind) {
    assertThatCode(() -> new ServingWorkload(EngineKind.WEFT, kind).run())
        .doesNotThrowAnyException();
  }

  @ParameterizedTest @EnumSource
  void theNaiveBaselineCountsTheSame(ServingKind kind) {
    assertThatCode(() -> new ServingWorkload(EngineKind.NAIVE, kind).run())
        .doesNotThrowAnyException();
  }

  @ParameterizedTest @EnumSource
  void addAddsAndMatches(AddWorkload.Kind kind) {
    assertThatCode(() -> new AddWorkload(256, 3, kind).run()).doesNotThrowAnyException();
  }

  @ParameterizedTest @EnumSource
  void lookupFindsWhatIsCached(LookupWorkload.Kind kind) {
    assertThatCode(() -> new LookupWorkload(kind, 256, 3).run()).doesNotThrowAnyException();
  }

  @ParameterizedTest @CsvSource({"1,8", "64,2", "100,1"})
  void batchesTakeTheirBlocks(int chunk, int numCalls) {
    PoolWorkload workload = new PoolWorkload(1001, chunk, numCalls);

    assertThatCode(() -> workload.takeAndGiveBack(3)).doesNotThrowAnyException();
  }

  @ParameterizedTest @CsvSource({"1001,64", "1025,64", "1024,64"})
  void sweepsTakeTheWholePool(int numBlocks, int chunk) {
    int numCalls = PoolWorkload.numCallsOfAll(numBlocks, chunk);

    assertThatCode(() -> {
      new PoolWorkload(numBlocks, chunk, numCalls).takeAndGiveBack(1);
      new PoolWorkload(numBlocks, chunk, numCalls).takeAndGiveBackScattered();
      new PoolWorkload(numBlocks, chunk, numCalls).evictAll();
    }).doesNotThrowAnyException();
  }

  @ParameterizedTest @EnumSource
  void draftersFindSomethingToPropose(ProposalWorkload.Kind kind) {
    assertThatCode(() -> new ProposalWorkload(kind, 2, 40).run()).doesNotThrowAnyException();
  }

  @Test void otherWorkIsRefused() {
    Work work = new Work("decode of 16", 16);

    assertThatThrownBy(() -> work.count("blocksKeyed", 15, 16))
        .hasMessage("decode of 16, 16 steps: blocksKeyed is 15, must be 16");
  }

  @Test void promptsFollowTheFormula() {
    assertThat(Prompts.ofSeed(1, 3)).containsExactly(31, 38, 45);
    assertThat(Prompts.ofSeed(4096, 2)).containsExactly(4096 * 31 % 32003, 4096 * 31 % 32003 + 7);
  }
}
