package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class StorageTypeTest {
  @Test
  void everyHalfWidensToItsValue() {
    for (int half = 0; half < 1 << 16; half++) {
      float widened = StorageType.widenF16((short) half);
      assertThat(Float.compare(widened, (float) valueOfHalf(half))).as("half %x", half).isZero();
    }
  }

  private static double valueOfHalf(int half) {
    int exponent = half >>> 10 & 31;
    int fraction = half & 1023;
    double sign = half >>> 15 == 0 ? 1 : -1;
    if (exponent == 31) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * Math.scalb((double) fraction, -24)
        : sign * Math.scalb(1 + fraction / 1024.0, exponent - 15);
  }

  @Test
  void littleEndianBytesBecomeFloats() {
    byte[] bytes = {9, 9, 0, 0, (byte) 0xc0, 0x3f, 0, 0x3e};
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    float[] target = new float[3];
    StorageType.F32.widen(buffer, 2, target, 1);
    assertThat(target).containsExactly(1.5f, 0, 0);
    StorageType.BF16.widen(buffer, 4, target, 2);
    assertThat(target).containsExactly(1.5f, 0.125f, 0);
    StorageType.F16.widen(buffer, 6, target, 1);
    assertThat(target).containsExactly(1.5f, 0.125f, 0);
  }

  @Test
  void onlyThreeTypesAreKnown() {
    assertThat(StorageType.named("BF16")).isEqualTo(StorageType.BF16);
    assertThat(StorageType.named("F64")).isNull();
    assertThat(StorageType.named("bf16")).isNull();
  }
}
