package dev.weft.gpuexecutor;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The number formats a weight may be stored in. All of them widen to float without loss. */
enum StorageType {
  F32(4) {
    @Override
    void widen(ByteBuffer source, int byteOffset, float[] target, int numElements) {
      for (int i = 0; i < numElements; i++) {
        target[i] = source.getFloat(byteOffset + 4 * i);
      }
    }
  },
  F16(2) {
    @Override
    void widen(ByteBuffer source, int byteOffset, float[] target, int numElements) {
      for (int i = 0; i < numElements; i++) {
        target[i] = widenF16(source.getShort(byteOffset + 2 * i));
      }
    }
  },
  BF16(2) {
    @Override
    void widen(ByteBuffer source, int byteOffset, float[] target, int numElements) {
      for (int i = 0; i < numElements; i++) {
        target[i] = Float.intBitsToFloat(source.getShort(byteOffset + 2 * i) << 16);
      }
    }
  };

  private final int elementSize;

  StorageType(int elementSize) {
    this.elementSize = elementSize;
  }

  /** The type of that name in a safetensors header, or null when weights may not have it. */
  static @Nullable StorageType named(String name) {
    for (StorageType type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    return null;
  }

  /** Bytes per element. */
  int elementSize() {
    return elementSize;
  }

  /** Writes {@code target[0..numElements)} from the little-endian bytes behind the offset. */
  abstract void widen(ByteBuffer source, int byteOffset, float[] target, int numElements);

  /** The value of an IEEE 754 half: 1 sign bit, 5 exponent bits, 10 bits of fraction. */
  static float widenF16(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int floatExponent = exponent == 0x1f ? 0xff : exponent + 127 - 15;
    return Float.intBitsToFloat(sign | floatExponent << 23 | fraction << 13);
  }
}
