package dev.weft.examples.planted.batching;

final class Logs {
  void log() {
    System.getLogger("planted").log(System.Logger.Level.INFO, "planted");
  }
}
