package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvNamespace;

/** Numbers what happens to the tree of prefixes, from 1 on without a gap; tells the listener. */
final class KvEvents {
  private final PrefixTree tree;
  private final Namespaces namespaces;
  private final int blockSize;
  private KvEventListener listener = KvEventListener.NONE;
  private long lastNumber;

  KvEvents(PrefixTree tree, Namespaces namespaces, int blockSize) {
    this.tree = tree;
    this.namespaces = namespaces;
    this.blockSize = blockSize;
  }

  void setListener(KvEventListener listener) {
    this.listener = listener;
  }

  void stored(int node, KvNamespace namespace) {
    lastNumber++;
    tell(listener, node, namespace);
  }

  void removed(int node) {
    listener.onRemoved(++lastNumber, tree.key(node));
  }

  void cleared() {
    listener.onCleared(++lastNumber);
  }

  /** Tells all nodes, parents first, without a new number. */
  void describeTo(KvEventListener target) {
    for (int node = 1; node <= tree.maxNumNodes(); node++) {
      if (tree.key(node) != 0 && PrefixTree.isRoot(tree.parent(node))) {
        describeSubtree(node, target);
      }
    }
  }

  private void describeSubtree(int top, KvEventListener target) {
    KvNamespace namespace = namespaces.namespace(PrefixTree.rootOf(tree.parent(top)));
    int node = top;
    while (true) {
      tell(target, node, namespace);
      int next = tree.firstChild(node);
      while (next == PrefixTree.NONE && node != top) {
        next = tree.nextSibling(node);
        node = next == PrefixTree.NONE ? tree.parent(node) : node;
      }
      if (next == PrefixTree.NONE) {
        return;
      }
      node = next;
    }
  }

  private void tell(KvEventListener target, int node, KvNamespace namespace) {
    target.onStored(lastNumber, tree.key(node), tree.key(tree.parent(node)), namespace,
        tree.tokens(), tree.tokenOffset(node), blockSize);
  }
}
