package dev.weft.testkit;

import dev.weft.schedulerapi.KvNamespace;
import java.util.ArrayList;
import java.util.List;

/** A prefix that a {@link KvCacheModel} can find: its whole content, and the blocks that end it. */
final class KvModelPrefix {
  /** What a prefix is looked up by. */
  record Content(KvNamespace namespace, List<Integer> tokens) {
    boolean isParentOf(Content other, int blockSize) {
      return namespace.equals(other.namespace)
          && tokens.size() + blockSize == other.tokens.size()
          && tokens.equals(other.tokens.subList(0, tokens.size()));
    }
  }

  final long key;
  final Content content;
  /** Equal blocks in the order in which they entered; the first one is found. */
  final List<KvModelBlock> blocks = new ArrayList<>();
  int numHits;
  /** Largest rank of a child that became idle. */
  int childRank;

  KvModelPrefix(long key, Content content) {
    this.key = key;
    this.content = content;
  }
}
