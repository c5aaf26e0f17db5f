package dev.weft.testkit;

import dev.weft.schedulerapi.TokenSequence;

/** Token ids of a test sequence. Different families begin alike, so that prefixes are shared. */
final class KvTokens implements TokenSequence {
  private static final int VOCABULARY = 3;
  private final int[] ids;

  /** A whole text of a family; families with close numbers share much of their beginning. */
  KvTokens(int family, int numTokens) {
    ids = new int[numTokens];
    int numShared = family * 5 % 23;
    for (int i = 0; i < numTokens; i++) {
      ids[i] = id(i < numShared ? 0 : family, i);
    }
  }

  /** Continues the first tokens of another text. */
  KvTokens(KvTokens other, int numShared, int family) {
    this(family, other.ids.length);
    System.arraycopy(other.ids, 0, ids, 0, numShared);
  }

  private static int id(int family, int position) {
    int mixed = (family * 31 + position + 1) * 0x9E3779B1;
    return (mixed >>> 16) % VOCABULARY;
  }

  /** Other ids from a position on, as after drafts that were rejected. */
  void changeFrom(int position, int family) {
    for (int i = position; i < ids.length; i++) {
      ids[i] = id(family, i);
    }
  }

  @Override
  public int numTokens() {
    return ids.length;
  }

  @Override
  public int token(int position) {
    return ids[position];
  }

  @Override
  public void copyTokens(int position, int[] target, int offset, int numTokens) {
    System.arraycopy(ids, position, target, offset, numTokens);
  }
}
