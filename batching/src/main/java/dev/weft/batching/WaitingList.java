package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.Objects;

/**
 * The handles that wait, in waiting order: an order-statistic treap (Seidel and Aragon, Randomized
 * Search Trees, Algorithmica 1996) whose nodes are the handles themselves. Adding, removing and
 * finding by index cost O(log n), walking in ascending order O(1) each, whatever number waits. The
 * heap keys are a mixed counter instead of random numbers, so that equal calls build equal trees.
 * Nothing allocates.
 *
 * <pre>
 *   handle h:  child[2h]      all that wait before h     key[h]   at most its parent's
 *              child[2h + 1]  all that wait after h      size[h]  nodes of its subtree, 0 = absent
 * </pre>
 */
final class WaitingList implements SequenceList {
  private static final int BEFORE = 0;
  private static final int AFTER = 1;
  private static final int NO_INDEX = -2;

  private final SequenceView[] viewByHandle;
  private final WaitingOrder order;
  /** The sentinel in place of a missing node: its size is always 0, its parent is never read. */
  private final int none;
  private final int[] child;
  private final int[] parent;
  private final int[] key;
  private final int[] size;
  private final int[] sorted;
  private final int[] merged;
  private int root;
  private int numAdded;
  /** The place that was asked last, so that the next one is found by a step through the tree. */
  private int cursorIndex = NO_INDEX;
  private int cursorHandle;

  /** @param viewByHandle asked whenever {@code order} is; its length bounds the handles */
  WaitingList(SequenceView[] viewByHandle, WaitingOrder order) {
    this.viewByHandle = viewByHandle;
    this.order = order;
    none = viewByHandle.length;
    child = new int[2 * (none + 1)];
    parent = new int[none + 1];
    key = new int[none + 1];
    size = new int[none + 1];
    sorted = new int[none];
    merged = new int[none];
    root = none;
  }

  /** Puts the handle ahead of the first one that it precedes; O(log n) questions. */
  void add(int handle) {
    if (contains(handle)) {
      throw new IllegalStateException("handle " + handle + " waits already");
    }
    order.onEnter(viewByHandle[handle]);
    int above = none;
    int side = BEFORE;
    for (int node = root; node != none; node = child[2 * node + side]) {
      above = node;
      size[node]++;
      side = order.precedes(viewByHandle[handle], viewByHandle[node]) ? BEFORE : AFTER;
    }
    key[handle] = mix(numAdded++);
    size[handle] = 1;
    child[2 * handle] = none;
    child[2 * handle + 1] = none;
    link(above, side, handle);
    while (parent[handle] != none && key[parent[handle]] < key[handle]) {
      rotateUp(handle);
    }
    cursorIndex = NO_INDEX;
  }

  /** Takes the handle out; O(log n). */
  void remove(int handle) {
    if (!contains(handle)) {
      throw new IllegalStateException("handle " + handle + " does not wait");
    }
    while (size[handle] > 1) {
      rotateUp(higherChild(handle));
    }
    int above = parent[handle];
    link(above, sideOf(handle, above), none);
    size[handle] = 0;
    for (int node = above; node != none; node = parent[node]) {
      size[node]--;
    }
    cursorIndex = NO_INDEX;
    order.onLeave(viewByHandle[handle]);
  }

  boolean contains(int handle) {
    return size[handle] > 0;
  }

  @Override public int size() {
    return size[root];
  }

  @Override public SequenceView get(int index) {
    return viewByHandle[handleAt(index)];
  }

  /** The handle at an index; O(1) amortised when indices ascend one by one, else O(log n). */
  int handleAt(int index) {
    Objects.checkIndex(index, size());
    if (index == cursorIndex + 1) {
      cursorHandle = next(cursorHandle);
    } else if (index != cursorIndex) {
      cursorHandle = select(index);
    }
    cursorIndex = index;
    return cursorHandle;
  }

  /** Tells the order and, if it has changed, sorts, equals as they were; O(n log n) questions. */
  void reorder(StepFacts facts) {
    if (!order.reevaluate(facts)) {
      return;
    }
    int n = size();
    boolean hasChanged = false;
    for (int i = 0; i < n; i++) {
      sorted[i] = handleAt(i);
      hasChanged |= order.reevaluate(facts, viewByHandle[sorted[i]]);
    }
    if (hasChanged) {
      mergeSort(n);
      rebuild(n);
      cursorIndex = NO_INDEX;
    }
  }

  /** Throws when links, sizes or heap order do not fit together; O(handles). */
  void checkIntegrity() {
    if (size[none] != 0 || (root != none && parent[root] != none)) {
      throw new IllegalStateException("root " + root + " or the sentinel is damaged");
    }
    int numFound = 0;
    for (int handle = 0; handle < none; handle++) {
      if (contains(handle)) {
        numFound++;
        checkNode(handle);
      }
    }
    if (numFound != size()) {
      throw new IllegalStateException(numFound + " handles linked, root counts " + size());
    }
  }

  private void checkNode(int handle) {
    int numBelow = 0;
    for (int side = BEFORE; side <= AFTER; side++) {
      int node = child[2 * handle + side];
      numBelow += size[node];
      if (node != none && (parent[node] != handle || key[node] > key[handle])) {
        throw new IllegalStateException("handle " + node + " is not a child of " + handle);
      }
    }
    if (size[handle] != numBelow + 1) {
      throw new IllegalStateException(
          "handle " + handle + " counts " + size[handle] + " nodes of " + (numBelow + 1));
    }
    if (parent[handle] == none && root != handle) {
      throw new IllegalStateException("handle " + handle + " hangs below nothing, root is " + root);
    }
  }

  // ---- finding

  private int select(int index) {
    int node = root;
    int rest = index;
    while (rest != size[child[2 * node]]) {
      if (rest < size[child[2 * node]]) {
        node = child[2 * node];
      } else {
        rest -= size[child[2 * node]] + 1;
        node = child[2 * node + 1];
      }
    }
    return node;
  }

  /** The one behind; only when there is one. */
  private int next(int handle) {
    int node = child[2 * handle + 1];
    if (node == none) {
      node = handle;
      while (child[2 * parent[node] + 1] == node) {
        node = parent[node];
      }
      return parent[node];
    }
    while (child[2 * node] != none) {
      node = child[2 * node];
    }
    return node;
  }

  // ---- linking

  private void link(int above, int side, int node) {
    if (above == none) {
      root = node;
    } else {
      child[2 * above + side] = node;
    }
    parent[node] = above;
  }

  private int sideOf(int node, int above) {
    return above != none && child[2 * above + 1] == node ? AFTER : BEFORE;
  }

  private int higherChild(int handle) {
    int before = child[2 * handle];
    int after = child[2 * handle + 1];
    return after == none || (before != none && key[before] > key[after]) ? before : after;
  }

  /** Swaps a node with its parent and leaves the order as it is. */
  private void rotateUp(int node) {
    int below = parent[node];
    int above = parent[below];
    int side = sideOf(node, below);
    link(below, side, child[2 * node + 1 - side]);
    link(above, sideOf(below, above), node);
    link(node, 1 - side, below);
    size[node] = size[below];
    recount(below);
  }

  private void recount(int node) {
    size[node] = size[child[2 * node]] + size[child[2 * node + 1]] + 1;
  }

  /** The finaliser of MurmurHash3: a bijection, so two keys are equal only 2^32 additions apart. */
  private static int mix(int counter) {
    int hash = counter;
    hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
    return hash ^ (hash >>> 16);
  }

  // ---- putting in order again

  /** Bottom-up, stable; asks about n questions when nothing changed its place. */
  private void mergeSort(int n) {
    for (int width = 1; width < n; width *= 2) {
      for (int begin = 0; begin + width < n; begin += 2 * width) {
        merge(begin, begin + width, Math.min(begin + 2 * width, n));
      }
    }
  }

  private void merge(int begin, int middle, int end) {
    if (!precedes(sorted[middle], sorted[middle - 1])) {
      return;
    }
    System.arraycopy(sorted, begin, merged, begin, middle - begin);
    int left = begin;
    int right = middle;
    for (int target = begin; left < middle; target++) {
      boolean takesRight = right < end && precedes(sorted[right], merged[left]);
      sorted[target] = takesRight ? sorted[right++] : merged[left++];
    }
  }

  private boolean precedes(int a, int b) {
    return order.precedes(viewByHandle[a], viewByHandle[b]);
  }

  /** Builds the only treap of this order and these keys along its right edge; O(n). */
  private void rebuild(int n) {
    root = none;
    int last = none;
    for (int i = 0; i < n; i++) {
      int node = sorted[i];
      int before = none;
      while (last != none && key[last] < key[node]) {
        recount(last);
        before = last;
        last = parent[last];
      }
      link(node, BEFORE, before);
      child[2 * node + 1] = none;
      link(last, AFTER, node);
      last = node;
    }
    for (; last != none; last = parent[last]) {
      recount(last);
    }
  }
}
