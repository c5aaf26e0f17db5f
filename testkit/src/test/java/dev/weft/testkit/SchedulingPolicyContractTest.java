package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.testkit.NaiveScheduler.Mistake;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The contract of policies notices who breaks it. */
class SchedulingPolicyContractTest {
  @Test void aPolicyThatRemembersOtherRunsIsSeen() {
    SplitMix shared = new SplitMix(1);
    SchedulingPolicyContract contract =
        contract(() -> new RandomPolicy(shared.nextLong(), 100), Mistake.NONE);

    assertThatThrownBy(contract::equalHistoriesGiveEqualPlans).hasMessageContaining("I39: plans");
  }

  @Test void aWaitingListInAnotherOrderIsSeen() {
    SchedulingPolicyContract contract =
        contract(FirstComePolicy::new, Mistake.FORGETS_THE_WAITING_ORDER);

    assertThatThrownBy(contract::theWaitingListIsInTheOrderOfThePolicy)
        .hasMessageContaining("I41: request");
  }

  @Test void admittingBeforeContinuingIsSeen() {
    SchedulingPolicyContract contract = contract(() -> step -> {
      scheduleAll(step, step.waiting());
      scheduleAll(step, step.running());
    }, Mistake.NONE);

    assertThatThrownBy(contract::everyRequestEndsAndSaysWhatItSaysAlone)
        .hasMessageContaining("I36 step");
  }

  private static void scheduleAll(StepBuilder step, SequenceList sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      SequenceView sequence = sequences.get(i);
      int numTokens = Math.min(step.numPendingTokens(sequence), step.tokenBudget());
      if (numTokens > 0) {
        step.schedule(sequence, numTokens);
      }
    }
  }

  @Test void aPolicyThatNeverAdmitsIsSeen() {
    SchedulingPolicyContract contract = contract(() -> step -> { }, Mistake.NONE);

    assertThatThrownBy(contract::everyRequestEndsAndSaysWhatItSaysAlone)
        .hasMessageContaining("L2: the step is empty");
  }

  private static SchedulingPolicyContract contract(Supplier<SchedulingPolicy> policies,
      Mistake mistake) {
    return new SchedulingPolicyContract() {
      @Override protected SchedulingPolicy create() {
        return policies.get();
      }

      @Override protected SchedulerDriver.Factory schedulers() {
        return setup -> new NaiveScheduler(setup, mistake);
      }

      @Override protected String module() {
        return "testkit";
      }

      @Override protected boolean plansContinuingFirst() {
        return !(policies.get() instanceof RandomPolicy);
      }

      @Override protected LivenessChecker.Demand demand() {
        return policies.get() instanceof RandomPolicy
            ? LivenessChecker.Demand.NOTHING : LivenessChecker.Demand.PROGRESS;
      }
    };
  }
}
