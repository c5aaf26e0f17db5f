package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.speculative.OffUnderLoad.Band;
import org.junit.jupiter.api.Test;

final class OffUnderLoadTest {
  @Test void wrongBandsAreRefused() {
    assertThatThrownBy(() -> new Band(-1, 4)).hasMessage("onAtMost is -1, must be 0 or more");
    assertThatThrownBy(() -> new Band(4, 4))
        .hasMessage("offFrom is 4, must be more than onAtMost, 4");
  }
}
