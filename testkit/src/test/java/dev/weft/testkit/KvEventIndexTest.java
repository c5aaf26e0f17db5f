package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.KvNamespace;
import org.junit.jupiter.api.Test;

class KvEventIndexTest {
  private static final KvNamespace PLAIN = KvNamespace.PLAIN;
  private static final KvNamespace OTHER = new KvNamespace("other", 0, "");
  private final KvTokens text = new KvTokens(0, 8);
  private final KvEventIndex index = new KvEventIndex();

  @Test
  void whatWasStoredIsFoundUntilItIsRemoved() {
    store(1, 10, 0, PLAIN, 0);
    store(2, 11, 10, PLAIN, 4);
    assertThat(index.match(PLAIN, text, 4, 2)).isEqualTo(2);
    assertThat(index.match(OTHER, text, 4, 2)).isZero();

    index.onRemoved(3, 11);
    assertThat(index.match(PLAIN, text, 4, 2)).isEqualTo(1);
    index.onCleared(4);
    assertThat(index.size()).isZero();
    assertThat(index.log()).hasSize(4);
  }

  @Test
  void aGapIsNoticed() {
    store(1, 10, 0, PLAIN, 0);
    assertThatThrownBy(() -> index.onRemoved(3, 10)).hasMessageContaining("I73");
  }

  @Test
  void anUnknownParentIsNoticed() {
    assertThatThrownBy(() -> store(1, 11, 10, PLAIN, 4)).hasMessageContaining("I72");
  }

  @Test
  void aParentThatGoesBeforeItsChildIsNoticed() {
    store(1, 10, 0, PLAIN, 0);
    store(2, 11, 10, PLAIN, 4);
    assertThatThrownBy(() -> index.onRemoved(3, 10)).hasMessageContaining("I72");
  }

  @Test
  void aKeyThatComesAgainIsNoticed() {
    store(1, 10, 0, PLAIN, 0);
    index.onRemoved(2, 10);
    assertThatThrownBy(() -> store(3, 10, 0, PLAIN, 0)).hasMessageContaining("I72");
  }

  @Test
  void aRemovalOfNothingIsNoticed() {
    assertThatThrownBy(() -> index.onRemoved(1, 10)).hasMessageContaining("I72");
  }

  @Test
  void equalContentUnderTwoKeysIsNoticed() {
    store(1, 10, 0, PLAIN, 0);
    assertThatThrownBy(() -> store(2, 11, 0, PLAIN, 0)).hasMessageContaining("I22");
  }

  @Test
  void aChildInAnotherNamespaceIsNoticed() {
    store(1, 10, 0, PLAIN, 0);
    assertThatThrownBy(() -> store(2, 11, 10, OTHER, 4)).hasMessageContaining("I21");
  }

  private void store(long number, long key, long parentKey, KvNamespace namespace, int position) {
    int[] tokens = new int[4];
    text.copyTokens(position, tokens, 0, 4);
    index.onStored(number, key, parentKey, namespace, tokens, 0, 4);
  }
}
