package dev.weft.examples.planted.batching;

final class StartsThread {
  void start(Runnable work) {
    new Thread(work).start();
  }
}
