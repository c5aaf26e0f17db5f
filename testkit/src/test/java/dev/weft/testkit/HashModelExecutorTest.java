package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.junit.jupiter.api.Test;

/**
 * What {@link HashModelExecutor} has beside the contract: comparison with the model, and failures.
 */
class HashModelExecutorTest {
  private static final ExecutorSpec SPEC = ExecutorSpec.builder().vocabularySize(64).maxModelLen(64)
      .blockSize(4).numBlocks(32).numSlots(8).maxNumRows(4).maxNumBatchedTokens(64)
      .maxNumDraftTokens(3).maxInFlight(4).build();
  private static final SamplingParameters SAMPLED = SamplingParameters.sampled(8, 1, 5);

  private final StepResult result = new StepResult(4, 3, 20);
  private final PlanWriter writer = new PlanWriter();

  @Test void tokensAreThoseOfTheModelAlone() {
    HashModelExecutor executor = HashModelExecutor.completingAtOnce(SPEC);
    Request request = Request.builder(1, 7, 8, 9, 10, 11).adapterId(2).sampling(SAMPLED).build();
    HashModel.Context context = new HashModel.Context(2);
    for (int i = 0; i < 5; i++) {
      context.append(request.promptToken(i));
    }
    int expected = new HashModel(64).choose(context.logits(), SAMPLED, 5, 5, 5, null);

    writer.attach(0, request, 5).blocks(0, 9, 3).row(0, 0, 7, 8, 9);
    executor.submit(writer.write());
    executor.submit(writer.sampledRow(0, 3, 10, 11).write());

    assertThat(executor.poll(result)).isTrue();
    assertThat(result.numTokens(0)).isZero();
    assertThat(executor.poll(result)).isTrue();
    assertThat(result.token(0, 0)).isEqualTo(expected);
  }

  @Test void aLostEntryChangesTheNextToken() {
    HashModelExecutor executor = HashModelExecutor.completingAtOnce(SPEC);
    int right = decodeAfterAnotherWrote(executor, 20);
    int wrong = decodeAfterAnotherWrote(HashModelExecutor.completingAtOnce(SPEC), 1);

    assertThat(wrong).isNotEqualTo(right);
  }

  /** Decodes two tokens of a request in block 1 while a stranger writes a block of its own. */
  private int decodeAfterAnotherWrote(HashModelExecutor executor, int strangersBlock) {
    PlanWriter plans = new PlanWriter();
    Request request = Request.builder(1, 7, 8).sampling(SamplingParameters.greedy(8)).build();
    Request stranger = Request.builder(2, 30).sampling(SamplingParameters.greedy(8)).build();
    executor.submit(plans.attach(0, request, 0).blocks(0, 1).sampledRow(0, 0, 7, 8).write());
    executor.submit(plans.attach(1, stranger, 0).blocks(1, strangersBlock).row(1, 0, 30).write());
    executor.submit(plans.rowOnDevice(0, 2).write());
    while (executor.poll(result)) {
      assertThat(result.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
    }
    return result.token(0, 0);
  }

  @Test void stepsCompleteWhenTheTestSaysSo() {
    HashModelExecutor executor = HashModelExecutor.completingOnDemand(SPEC);
    executor.submit(prompt());
    executor.submit(writer.rowOnDevice(0, 2).write());

    assertThat(executor.poll(result)).isFalse();
    assertThat(executor.completeNext()).isTrue();
    assertThat(executor.await(1)).isTrue();
    assertThat(executor.poll(result)).isTrue();
    assertThat(result.stepId()).isEqualTo(1);
    assertThat(executor.poll(result)).isFalse();
    assertThat(executor.numInFlight()).isEqualTo(1);
  }

  @Test void aPlanThatChangesInFlightIsSeen() {
    HashModelExecutor executor = HashModelExecutor.completingOnDemand(SPEC);
    StepPlan plan = prompt();
    executor.submit(plan);
    executor.completeNext();
    ((WrittenPlan) plan).stepId = 5;

    assertThatThrownBy(() -> executor.poll(result)).hasMessageContaining("changed in flight");
  }

  @Test void aFailedRowYieldsNoToken() {
    HashModelExecutor executor = HashModelExecutor.completingAtOnce(SPEC);
    executor.failRow(1, 0);
    executor.submit(prompt());

    assertThat(executor.poll(result)).isTrue();
    assertThat(result.isFailedRow(0)).isTrue();
    assertThat(result.numTokens(0)).isZero();
  }

  @Test void aFailedStepLeavesTheExecutorReady() {
    HashModelExecutor executor = HashModelExecutor.completingAtOnce(SPEC);
    executor.failStep(1);
    executor.submit(prompt());
    executor.submit(writer.detach(0).write());

    assertThat(executor.poll(result)).isTrue();
    assertThat(result.outcome()).isEqualTo(StepResult.Outcome.FAILED);
    assertThat(executor.poll(result)).isTrue();
    assertThat(result.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
    assertThat(executor.state()).isEqualTo(ExecutorState.READY);
  }

  @Test void aDeadExecutorNamesItsLastGoodStep() {
    HashModelExecutor executor = HashModelExecutor.completingAtOnce(SPEC);
    executor.dieAt(2);
    executor.submit(prompt());
    executor.submit(writer.rowOnDevice(0, 2).write());

    assertThat(executor.state()).isEqualTo(ExecutorState.DEAD);
    assertThat(executor.failureMessage()).isEqualTo("died in step 2");
    assertThat(executor.lastGoodStepId()).isEqualTo(1);
    assertThat(executor.submit(writer.rowOnDevice(0, 3).write())).isFalse();
    assertThat(executor.poll(result)).isTrue();
    assertThat(executor.poll(result)).isFalse();
  }

  @Test void aRowThatSkipsAPositionIsRefusedAndNothingChanges() {
    HashModelExecutor executor = HashModelExecutor.completingAtOnce(SPEC);
    executor.submit(prompt());
    StepPlan gap = writer.stepId(2).sampledRow(0, 3, 5).write();

    assertThatThrownBy(() -> executor.submit(gap)).isInstanceOf(IllegalArgumentException.class)
        .hasMessage("I30 step 2: row 0 of slot 0 request 1 starts at 3, computed are 2");
    assertThat(executor.submit(writer.stepId(2).rowOnDevice(0, 2).write())).isTrue();
  }

  private StepPlan prompt() {
    Request request = Request.builder(1, 7, 8).sampling(SAMPLED).build();
    return writer.attach(0, request, 5).blocks(0, 1).sampledRow(0, 0, 7, 8).write();
  }
}
