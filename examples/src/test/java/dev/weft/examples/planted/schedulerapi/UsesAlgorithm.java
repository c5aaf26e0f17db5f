package dev.weft.examples.planted.schedulerapi;

import dev.weft.examples.planted.pagedkv.Sibling;

final class UsesAlgorithm {
  Sibling sibling = new Sibling();
}
