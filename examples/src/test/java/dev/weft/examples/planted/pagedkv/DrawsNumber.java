package dev.weft.examples.planted.pagedkv;

import java.util.SplittableRandom;

final class DrawsNumber {
  int draw() {
    return new SplittableRandom(1).nextInt();
  }
}
