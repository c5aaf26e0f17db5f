package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class AnswersTest {
  @Test void grantsAreInTheOrderInWhichLimitsAreTested() {
    assertThat(Grant.values()).containsExactly(Grant.GRANTED, Grant.NOT_IN_THIS_STEP, Grant.BLOCKED,
        Grant.AWAITS_TOKEN, Grant.NO_SHAPE, Grant.NO_ADAPTER, Grant.NO_SLOTS, Grant.NO_TOKENS,
        Grant.NO_BLOCKS, Grant.BLOCKS_PENDING);
  }

  @Test void onlyGrantedIsGranted() {
    assertThat(Arrays.stream(Grant.values()).filter(Grant::isGranted))
        .containsExactly(Grant.GRANTED);
  }

  @Test void preemptionCuresTheLackOfSlotsAndOfBlocks() {
    assertThat(Arrays.stream(Grant.values()).filter(Grant::isCuredByPreemption))
        .containsExactly(Grant.NO_SLOTS, Grant.NO_BLOCKS);
  }

  @Test void onlyStopAndLengthAreCompleteAnswers() {
    assertThat(Arrays.stream(FinishReason.values()).filter(FinishReason::isComplete))
        .containsExactly(FinishReason.STOP, FinishReason.LENGTH);
  }

  @Test void onlyWithoutARefusalIsAccepted() {
    assertThat(AddResult.ACCEPTED.isAccepted()).isTrue();
    assertThat(AddResult.ACCEPTED.message()).isEmpty();
    for (AddResult.Refusal refusal : AddResult.Refusal.values()) {
      assertThat(AddResult.refused(refusal, "why").isAccepted())
          .isEqualTo(refusal == AddResult.Refusal.NONE);
    }
  }
}
