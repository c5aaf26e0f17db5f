package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class RequestTest {
  @Test void defaultsAskForNothingSpecial() {
    Request request = Request.builder(17, 5, 6).build();

    assertThat(request.id()).isEqualTo(17);
    assertThat(request.numPromptTokens()).isEqualTo(2);
    assertThat(request.sampling().maxNewTokens()).isEqualTo(16);
    assertThat(request.priority()).isZero();
    assertThat(request.tenant()).isEmpty();
    assertThat(request.cacheSalt()).isEmpty();
    assertThat(request.adapterId()).isZero();
    assertThat(request.arrivalNanos()).isEqualTo(Request.ARRIVES_WHEN_ADDED);
    assertThat(request.deadlineNanos()).isEqualTo(Request.NO_DEADLINE);
    assertThat(request.hints()).isSameAs(RequestHints.NONE);
    assertThat(request.skipsCacheRead()).isFalse();
    assertThat(request.tokenMask()).isNull();
    assertThat(request.blockReason()).isNull();
  }

  @Test void everythingAskedForIsTakenOver() {
    SamplingParameters sampling = SamplingParameters.greedy(3);
    RequestHints hints = new RequestHints(1, 2, 3, 4, new long[] {5});
    TokenMask mask = (tokens, sampleIndex, words) -> false;
    Request request = Request.builder(Long.MIN_VALUE, 0).sampling(sampling).priority(-3)
        .tenant("acme").cacheSalt("salt").adapterId(2).arrivalNanos(7).deadlineNanos(8).hints(hints)
        .skipCacheRead().tokenMask(mask).blockedBy(BlockReason.ADAPTER).build();

    assertThat(request.sampling()).isSameAs(sampling);
    assertThat(request.priority()).isEqualTo(-3);
    assertThat(request.tenant()).isEqualTo("acme");
    assertThat(request.cacheSalt()).isEqualTo("salt");
    assertThat(request.adapterId()).isEqualTo(2);
    assertThat(request.arrivalNanos()).isEqualTo(7);
    assertThat(request.deadlineNanos()).isEqualTo(8);
    assertThat(request.hints()).isSameAs(hints);
    assertThat(request.skipsCacheRead()).isTrue();
    assertThat(request.tokenMask()).isSameAs(mask);
    assertThat(request.blockReason()).isEqualTo(BlockReason.ADAPTER);
    assertThat(request).hasToString(
        "Request[id=-9223372036854775808, numPromptTokens=1, priority=-3, " + sampling + "]");
  }

  @Test void emptyPromptIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Request.builder(17))
        .withMessage("request 17: promptTokens is empty, must hold 1 or more");
  }

  @Test void negativeTokenIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Request.builder(17, 0, -4))
        .withMessage("request 17: promptTokens[1] is -4, must be 0 or more");
  }

  @Test void negativeAdapterIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Request.builder(1, 1).adapterId(-1))
        .withMessage("adapterId is -1, must be 0 or more");
  }

  @ParameterizedTest @MethodSource("nulls")
  void nullIsRefusedByName(String field, Consumer<Request.Builder> setter) {
    assertThatNullPointerException().isThrownBy(() -> setter.accept(Request.builder(1, 1)))
        .withMessage(field);
  }

  static Stream<Arguments> nulls() {
    return Stream.of(
        ofNull("sampling", b -> b.sampling(null)),
        ofNull("tenant", b -> b.tenant(null)),
        ofNull("cacheSalt", b -> b.cacheSalt(null)),
        ofNull("hints", b -> b.hints(null)),
        ofNull("tokenMask", b -> b.tokenMask(null)),
        ofNull("blockReason", b -> b.blockedBy(null)));
  }

  private static Arguments ofNull(String field, Consumer<Request.Builder> setter) {
    return Arguments.of(field, setter);
  }

  @Test void promptIsCopied() {
    int[] prompt = {5, 6, 7};
    Request request = Request.builder(1, prompt).build();

    prompt[1] = 9;

    assertThat(request.promptToken(1)).isEqualTo(6);
  }

  @Test void partsOfThePromptAreCopiedOut() {
    int[] target = {-1, -1, -1, -1};

    Request.builder(1, 5, 6, 7).build().copyPromptTokens(1, target, 2, 2);

    assertThat(target).containsExactly(-1, -1, 6, 7);
  }

  // ---- hints

  @Test void unknownHintsAreZero() {
    assertThat(RequestHints.NONE.expectedNewTokens()).isZero();
    assertThat(RequestHints.NONE.firstTokenTargetNanos()).isZero();
    assertThat(RequestHints.NONE.interTokenTargetNanos()).isZero();
    assertThat(RequestHints.NONE.sessionId()).isZero();
    assertThat(RequestHints.NONE.hostData()).isEmpty();
  }

  @Test void hintsAreNotNegative() {
    long[] none = {};
    String longRange = " is -1, must be 0 to 9223372036854775807";

    assertThatIllegalArgumentException().isThrownBy(() -> new RequestHints(-1, 0, 0, 0, none))
        .withMessage("expectedNewTokens is -1, must be 0 or more");
    assertThatIllegalArgumentException().isThrownBy(() -> new RequestHints(0, -1, 0, 0, none))
        .withMessage("firstTokenTargetNanos" + longRange);
    assertThatIllegalArgumentException().isThrownBy(() -> new RequestHints(0, 0, -1, 0, none))
        .withMessage("interTokenTargetNanos" + longRange);
    assertThat(new RequestHints(0, 0, 0, -1, none).sessionId()).isEqualTo(-1);
  }

  @Test void hostDataIsNeitherNullNorCopied() {
    long[] data = {1, 2};

    assertThat(new RequestHints(0, 0, 0, 0, data).hostData()).isSameAs(data);
    assertThatNullPointerException().isThrownBy(() -> new RequestHints(0, 0, 0, 0, null))
        .withMessage("hostData");
  }
}
