package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

final class AdapterSetTest {
  @Test void plainModelAlwaysHasRoom() {
    AdapterSet adapters = new AdapterSet(1);
    adapters.add(9);

    assertThat(adapters.hasRoom(0)).isTrue();
    assertThat(adapters.hasRoom(9)).isTrue();
    assertThat(adapters.hasRoom(8)).isFalse();
    assertThatThrownBy(() -> adapters.add(8)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> adapters.remove(8)).isInstanceOf(IllegalStateException.class);
  }

  @Test void zeroMeansNoLimit() {
    AdapterSet adapters = new AdapterSet(0);
    adapters.add(9);
    adapters.add(8);

    assertThat(adapters.hasRoom(7)).isTrue();
    adapters.remove(8);
  }

  /** Adds the adapters that have room; every third call takes an earlier row back. */
  @Property(tries = 500)
  void roomIsCountedByDifferentAdapters(
      @ForAll @IntRange(min = 1, max = 3) int maxNumAdapters,
      @ForAll List<@IntRange(min = 0, max = 5) Integer> adapterIds) {
    AdapterSet adapters = new AdapterSet(maxNumAdapters);
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < adapterIds.size(); i++) {
      int adapterId = adapterIds.get(i);
      if (i % 3 == 2 && !rows.isEmpty()) {
        adapters.remove(rows.remove(adapterId % rows.size()));
      } else if (hasRoom(rows, maxNumAdapters, adapterId)) {
        adapters.add(adapterId);
        rows.add(adapterId);
      }
      for (int asked = 0; asked <= 6; asked++) {
        assertThat(adapters.hasRoom(asked)).isEqualTo(hasRoom(rows, maxNumAdapters, asked));
      }
    }
    adapters.clear();
    assertThat(adapters.hasRoom(6)).isTrue();
  }

  private static boolean hasRoom(List<Integer> rows, int maxNumAdapters, int adapterId) {
    HashSet<Integer> distinct = new HashSet<>(rows);
    distinct.add(adapterId);
    distinct.remove(0);
    return adapterId == 0 || distinct.size() <= maxNumAdapters;
  }
}
