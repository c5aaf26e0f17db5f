package dev.weft.examples.planted.batching;

final class ReadsClock {
  long now() {
    return System.nanoTime();
  }
}
