package dev.weft.examples.planted.gpuexecutor;

import dev.weft.examples.planted.pagedkv.Sibling;

final class UsesSchedulingCode {
  Sibling sibling = new Sibling();
}
