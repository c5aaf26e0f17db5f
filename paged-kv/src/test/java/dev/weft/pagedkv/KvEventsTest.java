package dev.weft.pagedkv;

import static dev.weft.pagedkv.Texts.branch;
import static dev.weft.pagedkv.Texts.compute;
import static dev.weft.pagedkv.Texts.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.testkit.KvCacheConfig;
import dev.weft.testkit.KvEventIndex;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KvEventsTest {
  private final PagedKvCache cache = KvCaches.builder(KvCacheConfig.small(12, 4)).build();

  @Test
  void eventsAreNumberedWithoutAGapAndNameTheParent() {
    List<String> seen = new ArrayList<>();
    cache.setEventListener(new KvEventListener() {
      @Override
      public void onStored(long eventNumber, long key, long parentKey, KvNamespace namespace,
          int[] tokens, int offset, int numTokens) {
        seen.add(eventNumber + " stored " + key + " after " + parentKey + ": " + tokens[offset]
            + " to " + tokens[offset + numTokens - 1]);
      }

      @Override
      public void onRemoved(long eventNumber, long key) {
        seen.add(eventNumber + " removed " + key);
      }

      @Override
      public void onCleared(long eventNumber) {
        seen.add(eventNumber + " cleared");
      }
    });
    compute(cache, 0, text(7, 8));
    cache.uncommit(0, 0);
    cache.release(0);
    cache.clearPrefixes();

    assertThat(seen).as("I72, I73").containsExactly("1 stored 1 after 0: 7000 to 7003",
        "2 stored 2 after 1: 7004 to 7007", "3 removed 2", "4 removed 1", "5 cleared");
  }

  @Test
  void equalBlocksAreToldOnce() {
    KvEventIndex index = new KvEventIndex();
    cache.setEventListener(index);
    for (int sequence = 0; sequence < 2; sequence++) {
      cache.open(sequence, KvNamespace.PLAIN, true);
      cache.reserve(sequence, 0, 8);
    }
    cache.commit(0, text(0, 8), 8);
    cache.commit(1, text(0, 8), 8);
    assertThat(index.lastNumber()).isEqualTo(2);

    cache.release(0);
    assertThat(index.lastNumber()).as("I72: the last copy is not gone").isEqualTo(2);
  }

  @Test
  void aConsumerThatComesLateStartsFromADescription() {
    compute(cache, 0, text(0, 12));
    compute(cache, 1, branch(0, 4, 1, 12));
    compute(cache, 2, branch(0, 8, 2, 12));
    compute(cache, 3, text(3, 4));
    KvEventIndex index = new KvEventIndex();
    cache.describeTo(new KvEventListener() {
      private long number;

      @Override
      public void onStored(long eventNumber, long key, long parentKey, KvNamespace namespace,
          int[] tokens, int offset, int numTokens) {
        assertThat(eventNumber).as("I73: the last event").isEqualTo(7);
        index.onStored(++number, key, parentKey, namespace, tokens, offset, numTokens);
      }
    });

    assertThat(index.size()).as("I73").isEqualTo(cache.numCachedBlocks()).isEqualTo(7);
    assertThat(index.match(KvNamespace.PLAIN, branch(0, 8, 2, 12), 4, 3)).isEqualTo(3);
    assertThat(index.match(KvNamespace.PLAIN, branch(0, 4, 1, 12), 4, 3)).isEqualTo(3);
  }
}
