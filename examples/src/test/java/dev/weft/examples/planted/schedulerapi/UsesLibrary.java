package dev.weft.examples.planted.schedulerapi;

import org.agrona.collections.IntArrayList;

final class UsesLibrary {
  IntArrayList list = new IntArrayList();
}
