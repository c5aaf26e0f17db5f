package dev.weft.examples.planted.batching;

final class OrdersByIdentity {
  int order(Object object) {
    return System.identityHashCode(object);
  }
}
