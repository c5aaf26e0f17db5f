package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class SchedulerLimitsTest {
  @ParameterizedTest @MethodSource("ranges")
  void everyLimitHasItsRange(FieldRange range) {
    range.check();
  }

  static Stream<FieldRange> ranges() {
    return Stream.of(
        range("maxNumWaiting", SchedulerLimits.Builder::maxNumWaiting, 1, 1 << 24),
        range("maxNumSeqs", SchedulerLimits.Builder::maxNumSeqs, 1, 1 << 16),
        range("maxNumBatchedTokens", SchedulerLimits.Builder::maxNumBatchedTokens, 1, 1 << 24),
        range("maxModelLen", SchedulerLimits.Builder::maxModelLen, 2, 1 << 24),
        range("vocabularySize", SchedulerLimits.Builder::vocabularySize, 2, 1 << 24),
        range("maxInFlight", SchedulerLimits.Builder::maxInFlight, 1, 16),
        range("maxNumAdapters", SchedulerLimits.Builder::maxNumAdapters, 0, 1 << 16),
        range("numExtraRowTokens", SchedulerLimits.Builder::numExtraRowTokens, 0, 2047),
        range("numLookaheadTokens", SchedulerLimits.Builder::numLookaheadTokens, 0, 4096),
        range("maxNumDraftTokens", SchedulerLimits.Builder::maxNumDraftTokens, 0, 1 << 10),
        range("maxNumEmptySteps", SchedulerLimits.Builder::maxNumEmptySteps, 1, Integer.MAX_VALUE));
  }

  private static FieldRange range(String field,
      BiFunction<SchedulerLimits.Builder, Integer, SchedulerLimits.Builder> setter,
      int min, int max) {
    return new FieldRange(
        field, value -> setter.apply(SchedulerLimits.builder(), value).build(), min, max);
  }

  @Test void defaultsAreThoseOfTheDocumentation() {
    assertThat(SchedulerLimits.builder().build())
        .isEqualTo(new SchedulerLimits(4096, 256, 2048, 4096, 1 << 24, 1, 0, 0, 0, 0, 1000));
  }

  @Test void handlesAreThoseWhoWaitAndThoseWhoRun() {
    SchedulerLimits limits = SchedulerLimits.builder().maxNumWaiting(7).maxNumSeqs(3).build();

    assertThat(limits.maxNumHandles()).isEqualTo(10);
  }

  @Test void capsBeginAsTheCapacities() {
    assertThat(LiveCaps.of(SchedulerLimits.builder().build()))
        .isEqualTo(new LiveCaps(256, 2048, 4096));
  }

  @ParameterizedTest @MethodSource("capRanges")
  void everyCapHasItsRange(FieldRange range) {
    range.check();
  }

  static Stream<FieldRange> capRanges() {
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(8).maxNumBatchedTokens(64)
        .maxNumWaiting(20).numExtraRowTokens(3).build();
    return Stream.of(
        new FieldRange("maxNumSeqs", n -> new LiveCaps(n, 64, 20).checkedAgainst(limits), 1, 8),
        new FieldRange(
            "maxNumBatchedTokens", n -> new LiveCaps(8, n, 20).checkedAgainst(limits), 4, 64),
        new FieldRange("maxNumWaiting", n -> new LiveCaps(8, 64, n).checkedAgainst(limits), 1, 20));
  }

  @Test void aRowMustFitBesideItsExtraTokens() {
    SchedulerLimits.Builder builder =
        SchedulerLimits.builder().maxNumBatchedTokens(4).numExtraRowTokens(4);

    assertThatIllegalArgumentException().isThrownBy(builder::build)
        .withMessage("numExtraRowTokens is 4, must be 0 to 3");
  }
}
