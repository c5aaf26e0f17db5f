package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvNamespace;
import java.util.Arrays;
import org.eclipse.collections.impl.map.mutable.primitive.ObjectIntHashMap;

/**
 * Gives each namespace in use a small number, its root: the parent of its first blocks. A root is
 * counted by the sequences that are open in it and by its first blocks in the prefix tree. Its
 * namespace is forgotten when nobody uses it; the map itself is changed only by {@link #open} and
 * {@link #forgetUnused}, because that may allocate. So there are at most as many as sequences and
 * blocks together.
 */
final class Namespaces {
  private static final int UNKNOWN = -1;
  private final ObjectIntHashMap<KvNamespace> roots = new ObjectIntHashMap<>();
  private final long seed;
  private KvNamespace[] namespace = new KvNamespace[4];
  private long[] hash = new long[4];
  private int[] numUsers = new int[4];
  /** Roots that lost their last user since the map was cleaned; may be in use again. */
  private int[] unused = new int[4];
  private boolean[] isUnused = new boolean[4];
  private int numUnused;
  /** Roots without a namespace, to be given out again. */
  private int[] vacant = new int[4];
  private int numVacant;
  private int numRoots;
  private long numGiven;

  Namespaces(long seed) {
    this.seed = seed;
  }

  /** The root of a namespace, with one more user. */
  int open(KvNamespace wanted) {
    int root = roots.getIfAbsent(wanted, UNKNOWN);
    if (root == UNKNOWN) {
      forgetUnused();
      root = add(wanted);
    }
    numUsers[root]++;
    return root;
  }

  void addUser(int root) {
    numUsers[root]++;
  }

  void removeUser(int root) {
    if (--numUsers[root] == 0 && !isUnused[root]) {
      isUnused[root] = true;
      unused[numUnused++] = root;
    }
  }

  KvNamespace namespace(int root) {
    return namespace[root];
  }

  /** Where the hashes of the root's first blocks start from. */
  long hash(int root) {
    return hash[root];
  }

  int numUsers(int root) {
    return numUsers[root];
  }

  /** Namespaces that are known. */
  int size() {
    return roots.size();
  }

  /** Roots given out so far, in use or not. */
  int numRoots() {
    return numRoots;
  }

  void forgetUnused() {
    while (numUnused > 0) {
      int root = unused[--numUnused];
      isUnused[root] = false;
      if (numUsers[root] == 0) {
        roots.remove(namespace[root]);
        namespace[root] = KvNamespace.PLAIN;
        vacant[numVacant++] = root;
      }
    }
  }

  private int add(KvNamespace wanted) {
    if (numVacant == 0 && numRoots == hash.length) {
      grow(2 * numRoots);
    }
    int root = numVacant > 0 ? vacant[--numVacant] : numRoots++;
    namespace[root] = wanted;
    hash[root] = BlockHash.mix(seed, ++numGiven);
    numUsers[root] = 0;
    roots.put(wanted, root);
    return root;
  }

  private void grow(int capacity) {
    namespace = Arrays.copyOf(namespace, capacity);
    hash = Arrays.copyOf(hash, capacity);
    numUsers = Arrays.copyOf(numUsers, capacity);
    unused = Arrays.copyOf(unused, capacity);
    isUnused = Arrays.copyOf(isUnused, capacity);
    vacant = Arrays.copyOf(vacant, capacity);
  }
}
