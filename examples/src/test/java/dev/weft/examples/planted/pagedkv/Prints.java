package dev.weft.examples.planted.pagedkv;

final class Prints {
  void print() {
    System.out.println();
  }
}
