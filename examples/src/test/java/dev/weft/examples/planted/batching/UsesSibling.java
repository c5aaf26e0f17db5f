package dev.weft.examples.planted.batching;

import dev.weft.examples.planted.pagedkv.Sibling;

final class UsesSibling {
  Sibling sibling = new Sibling();
}
