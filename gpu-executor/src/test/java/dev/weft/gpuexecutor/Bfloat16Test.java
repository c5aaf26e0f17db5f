package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Bfloat16Test {
  @Test
  void everyBf16IsItself() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Bfloat16.widen((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(Bfloat16.of(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void theNearestIsTakenAndOfTwoTheEven() {
    float low = 1;
    float high = Math.nextUp(Bfloat16.widen((short) 0x3f80)) * (1 + 0x1p-7f);
    assertThat(Bfloat16.of(1 + 0x1p-9f)).isEqualTo(Bfloat16.of(low));
    assertThat(Bfloat16.of(1 + 0x1p-8f)).as("half way, 1 is even").isEqualTo((short) 0x3f80);
    assertThat(Bfloat16.of(1 + 3 * 0x1p-8f)).as("half way to even").isEqualTo((short) 0x3f82);
    assertThat(Bfloat16.of(high)).isEqualTo((short) 0x3f81);
  }

  @Test
  void whatIsNoNumberStaysNone() {
    assertThat(Bfloat16.widen(Bfloat16.of(Float.NaN))).isNaN();
    assertThat(Bfloat16.widen(Bfloat16.of(Float.intBitsToFloat(0x7f800001)))).isNaN();
    assertThat(Bfloat16.widen(Bfloat16.of(Float.NEGATIVE_INFINITY)))
        .isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(Bfloat16.widen(Bfloat16.of(Float.MAX_VALUE))).isInfinite();
  }
}
