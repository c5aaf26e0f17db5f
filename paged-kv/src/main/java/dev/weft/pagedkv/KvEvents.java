package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvNamespace;

/** Numbers what happens to the index of prefixes, from 1 on without a gap, and tells the listener. */
final class KvEvents {
  private final PrefixTree tree;
  private final int blockSize;
  private KvEventListener listener = KvEventListener.NONE;
  private long lastNumber;

  KvEvents(PrefixTree tree, int blockSize) {
    this.tree = tree;
    this.blockSize = blockSize;
  }

  void setListener(KvEventListener listener) {
    this.listener = listener;
  }

  void stored(int node, KvNamespace namespace) {
    listener.onStored(++lastNumber, tree.key(node), tree.key(tree.parent(node)), namespace,
        tree.tokens(), tree.tokenOffset(node), blockSize);
  }

  void removed(int node) {
    listener.onRemoved(++lastNumber, tree.key(node));
  }

  void cleared() {
    listener.onCleared(++lastNumber);
  }
}
