package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.weft.schedulerapi.KvLayout.Group;
import dev.weft.schedulerapi.KvLayout.GroupKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class ExecutorSpecTest {
  @ParameterizedTest @MethodSource("ranges")
  void everyNumberHasItsRange(FieldRange range) {
    range.check();
  }

  static Stream<FieldRange> ranges() {
    return Stream.of(
        range("vocabularySize", ExecutorSpec.Builder::vocabularySize, 2, 1 << 24),
        range("maxModelLen", ExecutorSpec.Builder::maxModelLen, 2, 1 << 24),
        range("blockSize", ExecutorSpec.Builder::blockSize, 1, 1 << 12),
        range("numBlocks", ExecutorSpec.Builder::numBlocks, 2, 1 << 20),
        range("numSlots", ExecutorSpec.Builder::numSlots, 1, 1 << 17),
        range("maxNumRows", ExecutorSpec.Builder::maxNumRows, 1, 128),
        range("maxNumBatchedTokens", ExecutorSpec.Builder::maxNumBatchedTokens, 1, 1 << 24),
        range("maxNumDraftTokens", ExecutorSpec.Builder::maxNumDraftTokens, 0, 1 << 10),
        range("maxInFlight", ExecutorSpec.Builder::maxInFlight, 1, 16),
        range("maxNumLogprobs", ExecutorSpec.Builder::maxNumLogprobs, -1, 20),
        range("chunkUnit", ExecutorSpec.Builder::chunkUnit, 1, 512));
  }

  private static FieldRange range(String field,
      BiFunction<ExecutorSpec.Builder, Integer, ExecutorSpec.Builder> setter, int min, int max) {
    return new FieldRange(field,
        value -> setter.apply(ExecutorSpec.builder().maxNumRows(1), value).build(), min, max);
  }

  @Test void defaultsMixRowsFreelyAndSupportEverything() {
    assertThat(ExecutorSpec.builder().build()).isEqualTo(new ExecutorSpec(1024, 1024, 16, 1024,
        128, 64, 512, 0, 1, 20, KvKind.BLOCK_TABLE, true, 1, true, true, false,
        Set.of(Verification.COUPLED), true, false));
  }

  @Test void blocksAreCopiedWhereThereAreBlockTables() {
    ExecutorSpec.Builder builder = ExecutorSpec.builder().kvKind(KvKind.OPAQUE_PER_SEQUENCE);

    assertThatIllegalArgumentException().isThrownBy(builder::build)
        .withMessage("supportsBlockCopies is true, must be false where kvKind is"
            + " OPAQUE_PER_SEQUENCE");
  }

  @Test void capabilitiesAreTakenOver() {
    ExecutorSpec spec = ExecutorSpec.builder().kvKind(KvKind.FIXED_SLOT)
        .mixesPrefillAndDecode(false).supportsMasks(false).supportsBlockCopies(false).build();

    assertThat(spec.kvKind()).isEqualTo(KvKind.FIXED_SLOT);
    assertThat(spec.mixesPrefillAndDecode()).isFalse();
    assertThat(spec.supportsMasks()).isFalse();
    assertThat(spec.supportsBlockCopies()).isFalse();
  }

  @Test void aBuilderOfASpecBuildsTheSame() {
    ExecutorSpec odd = new ExecutorSpec(3, 4, 5, 6, 7, 2, 9, 10, 11, 12, KvKind.FIXED_SLOT, false,
        8, false, false, true, Set.of(Verification.COUPLED, Verification.TYPICAL), false, true);
    ExecutorSpec usual = ExecutorSpec.builder().build();

    assertThat(odd.toBuilder().build()).isEqualTo(odd);
    assertThat(usual.toBuilder().build()).isEqualTo(usual);
    assertThat(usual.toBuilder().numBlocks(6).build().numBlocks()).isEqualTo(6);
  }

  @Test void eachCapabilityIsSetByItsOwnSetter() {
    ExecutorSpec.Builder builder = ExecutorSpec.builder();

    assertThat(builder.mixesPrefillAndDecode(false).build().supportsMasks()).isTrue();
    assertThat(builder.supportsMasks(false).build().supportsBlockCopies()).isTrue();
    assertThat(builder.supportsBlockCopies(false).build().mixesPrefillAndDecode()).isFalse();
  }

  // ---- KV layout

  @ParameterizedTest @MethodSource("layoutRanges")
  void everyNumberOfALayoutHasItsRange(FieldRange range) {
    range.check();
  }

  static Stream<FieldRange> layoutRanges() {
    return Stream.of(
        new FieldRange("blockSize", KvLayout::fullAttention, 1, 1 << 12),
        new FieldRange(
            "numLayers", n -> new Group(GroupKind.FULL_ATTENTION, n, 0), 1, 1 << 16));
  }

  @Test void fullAttentionIsOneGroupWithoutAWindow() {
    assertThat(KvLayout.fullAttention(16))
        .isEqualTo(new KvLayout(16, List.of(new Group(GroupKind.FULL_ATTENTION, 1, 0))));
  }

  @Test void slidingWindowNeedsAWindow() {
    assertThat(new Group(GroupKind.SLIDING_WINDOW, 1, 1).windowSize()).isEqualTo(1);
    assertThatIllegalArgumentException().isThrownBy(() -> new Group(GroupKind.SLIDING_WINDOW, 1, 0))
        .withMessage("windowSize of SLIDING_WINDOW is 0, must be 1 or more");
  }

  @ParameterizedTest @EnumSource(value = GroupKind.class, names = {"FULL_ATTENTION", "STATE"})
  void otherKindsHaveNoWindow(GroupKind kind) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Group(kind, 1, 1))
        .withMessage("windowSize of " + kind + " is 1, must be 0 to 0");
  }

  @Test void layoutHasOneToSixteenGroups() {
    Group group = new Group(GroupKind.STATE, 1, 0);

    assertThat(new KvLayout(16, Collections.nCopies(16, group)).groups()).hasSize(16);
    for (int n : new int[] {0, 17}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new KvLayout(16, Collections.nCopies(n, group)))
          .withMessage("number of groups is " + n + ", must be 1 to 16");
    }
  }

  @Test void layoutKeepsItsOwnListOfGroups() {
    List<Group> groups = new ArrayList<>(List.of(new Group(GroupKind.STATE, 1, 0)));
    KvLayout layout = new KvLayout(16, groups);

    groups.clear();

    assertThat(layout.groups()).hasSize(1);
  }

  @Test void namespaceHasNoNulls() {
    assertThat(KvNamespace.PLAIN).isEqualTo(new KvNamespace("", 0, ""));
    assertThatNullPointerException().isThrownBy(() -> new KvNamespace(null, 0, ""))
        .withMessage("salt");
    assertThatNullPointerException().isThrownBy(() -> new KvNamespace("", 0, null))
        .withMessage("extraKey");
  }
}
