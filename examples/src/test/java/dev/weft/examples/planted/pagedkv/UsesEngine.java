package dev.weft.examples.planted.pagedkv;

import dev.weft.examples.planted.engine.UsesTestkit;

final class UsesEngine {
  UsesTestkit engine = new UsesTestkit();
}
