package dev.weft.examples.planted.batching;

import org.agrona.DirectBuffer;

final class UsesAgronaBuffer {
  int firstByte(DirectBuffer buffer) {
    return buffer.getByte(0);
  }
}
