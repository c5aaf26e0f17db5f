package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvNamespace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Carries out {@link KvAction}s on one cache as a scheduler would, and checks each answer against
 * what the cache itself says elsewhere: predictions, tables, events. What an action does depends
 * only on the cache's answers, so two caches that answer alike are driven alike.
 */
final class KvCacheDriver {
  private static final List<KvNamespace> NAMESPACES = List.of(
      KvNamespace.PLAIN,
      KvNamespace.PLAIN,
      new KvNamespace("tenant", 0, ""),
      new KvNamespace("", 1, ""),
      new KvNamespace("", 0, "image"));

  private static final class Sequence {
    final KvNamespace namespace;
    final boolean readsPrefixes;
    KvTokens tokens;
    int numKnown;
    int numWritten;

    Sequence(KvNamespace namespace, boolean readsPrefixes, KvTokens tokens, int numKnown) {
      this.namespace = namespace;
      this.readsPrefixes = readsPrefixes;
      this.tokens = tokens;
      this.numKnown = numKnown;
    }
  }

  private final KvCache cache;
  private final KvCacheConfig config;
  private final int blockSize;
  private final KvEventIndex index = new KvEventIndex();
  private final Map<Integer, Sequence> open = new TreeMap<>();
  private final List<Integer> pins = new ArrayList<>();

  KvCacheDriver(KvCache cache, KvCacheConfig config) {
    this.cache = cache;
    this.config = config;
    blockSize = config.blockSize();
    cache.setEventListener(index);
  }

  KvEventIndex index() {
    return index;
  }

  KvCacheSnapshot snapshot() {
    return KvCacheSnapshot.of(cache, open.keySet());
  }

  /** Does it and returns what the cache answered. */
  List<Integer> apply(KvAction action) {
    int sequence = action.sequence() % config.maxNumSequences();
    Sequence own = open.get(sequence);
    if (own == null) {
      own = open(sequence, action.amount(), action.choice());
    }
    return switch (action.kind()) {
      case SCHEDULE -> schedule(sequence, own, action.amount(), action.choice());
      case RESERVE -> reserveNext(sequence, own, action.amount());
      case REWRITE -> rewrite(sequence, own, action.amount());
      case MATCH -> List.of(match(sequence, own, action.amount() % (own.numKnown + 1)));
      case COMMIT -> commit(sequence, own, action.amount() % (own.numWritten + 1));
      case UNCOMMIT -> uncommit(sequence, own, action.amount() % (own.numWritten + 1));
      case FORK -> fork(sequence, own, action.amount(), action.choice());
      case TRUNCATE -> truncate(sequence, own, action.amount(), action.choice());
      case RELEASE -> release(sequence, own);
      case CLOSE -> close(sequence);
      case PIN -> pin(sequence, action.choice());
      case UNPIN -> unpin(action.choice());
      case CLEAR -> clear();
      case MISUSE -> misuse(sequence, own, action.choice());
    };
  }

  private Sequence open(int sequence, int amount, int choice) {
    KvNamespace namespace = NAMESPACES.get(choice % NAMESPACES.size());
    boolean readsPrefixes = choice % 7 != 0;
    cache.open(sequence, namespace, readsPrefixes);
    Sequence opened = new Sequence(namespace, readsPrefixes,
        new KvTokens(choice % 4, config.maxNumTokens()), 1 + amount % config.maxNumTokens());
    open.put(sequence, opened);
    return opened;
  }

  private List<Integer> schedule(int sequence, Sequence own, int amount, int choice) {
    boolean isWaiting = cache.numBlocks(sequence) == 0;
    int start = isWaiting ? match(sequence, own, own.numKnown) : own.numWritten;
    if (start == config.maxNumTokens()) {
      return release(sequence, own);
    }
    int end = Math.min(start + 1 + amount % (3 * blockSize), Math.max(own.numKnown, start + 1));
    int numDrafts = Math.min(choice % 3, config.maxNumTokens() - end);
    if (!reserve(sequence, start, end + numDrafts)) {
      return List.of(start, 0);
    }
    own.numKnown = Math.max(own.numKnown, end);
    own.numWritten = end;
    publish(sequence, own, end);
    return List.of(start, 1);
  }

  private List<Integer> reserveNext(int sequence, Sequence own, int amount) {
    boolean isWaiting = cache.numBlocks(sequence) == 0;
    int start = isWaiting ? match(sequence, own, own.numKnown) : own.numWritten;
    int end = Math.min(start + amount % (2 * blockSize + 1), config.maxNumTokens());
    boolean isGranted = reserve(sequence, start, end);
    if (isGranted) {
      own.numKnown = Math.max(own.numKnown, end);
      own.numWritten = end;
    }
    return List.of(start, isGranted ? 1 : 0);
  }

  private List<Integer> rewrite(int sequence, Sequence own, int amount) {
    if (cache.numBlocks(sequence) == 0) {
      return List.of();
    }
    int start = amount % (own.numWritten + 1);
    boolean isGranted = reserve(sequence, start, own.numWritten);
    return List.of(start, isGranted ? 1 : 0);
  }

  /** Only what the events have told can be found, all of it, and never the last token. */
  private int match(int sequence, Sequence own, int numTokens) {
    KvCacheSnapshot before = snapshot();
    int numFound = cache.match(sequence, own.tokens, numTokens);
    boolean canRead = own.readsPrefixes && cache.numBlocks(sequence) == 0;
    int maxNumBlocks = canRead ? Math.max(0, numTokens - 1) / blockSize : 0;
    assertThat(numFound).as("I20, I21: tokens found")
        .isEqualTo(index.match(own.namespace, own.tokens, blockSize, maxNumBlocks) * blockSize);
    assertThat(snapshot()).as("a match changes no book").isEqualTo(before);
    return numFound;
  }

  private boolean reserve(int sequence, int start, int end) {
    KvCacheSnapshot before = snapshot();
    long lastEvent = index.lastNumber();
    int numNeeded = cache.numBlocksNeeded(sequence, start, end);
    assertThat(snapshot()).as("a prediction changes no book").isEqualTo(before);
    boolean isGranted = cache.reserve(sequence, start, end);
    KvCacheSnapshot after = snapshot();
    assertThat(isGranted).as("granted").isEqualTo(numNeeded <= before.numFree());
    if (isGranted) {
      assertThat(before.numFree() - after.numFree()).as("I8: blocks taken").isEqualTo(numNeeded);
      new KvGrantCheck(blockSize, before, after).check(sequence, start, end);
    } else {
      assertThat(after).as("I9: refused, so unchanged").isEqualTo(before);
      assertThat(index.lastNumber()).as("I9: refused, so no event").isEqualTo(lastEvent);
    }
    return isGranted;
  }

  private List<Integer> commit(int sequence, Sequence own, int numTokens) {
    int numCommitted = Math.min(numTokens, cache.numBlocks(sequence) * blockSize);
    publish(sequence, own, numCommitted);
    return List.of(numCommitted);
  }

  /** Publishes full blocks of these tokens and nothing beyond them. */
  private void publish(int sequence, Sequence own, int numTokens) {
    int numBefore = index.size();
    cache.commit(sequence, own.tokens, numTokens);
    assertThat(index.size() - numBefore).as("I24: blocks published of %d tokens", numTokens)
        .isLessThanOrEqualTo(numTokens / blockSize);
  }

  private List<Integer> uncommit(int sequence, Sequence own, int numTokens) {
    KvCacheSnapshot before = snapshot();
    boolean isDone = cache.uncommit(sequence, numTokens);
    KvCacheSnapshot after = snapshot();
    assertThat(after.tables()).as("tables after an uncommit").isEqualTo(before.tables());
    assertThat(after.numFree()).as("free blocks after an uncommit").isEqualTo(before.numFree());
    assertThat(after.numEvictions()).as("evictions").isEqualTo(before.numEvictions());
    if (!isDone) {
      assertThat(after).as("I9: refused, so unchanged").isEqualTo(before);
    }
    return List.of(isDone ? 1 : 0, own.numWritten);
  }

  private List<Integer> fork(int parent, Sequence from, int amount, int choice) {
    int child = choice % config.maxNumSequences();
    boolean isPossible = child != parent && cache.numBlocks(parent) > 0
        && !(open.containsKey(child) && cache.numBlocks(child) > 0);
    if (!isPossible) {
      return List.of();
    }
    int numShared = amount % (from.numWritten + 1);
    if (open.containsKey(child)) {
      cache.close(child);
    }
    cache.open(child, from.namespace, true);
    int numFree = cache.numFreeBlocks();
    cache.fork(parent, child, numShared);
    assertThat(cache.numFreeBlocks()).as("free blocks after a fork").isEqualTo(numFree);
    Sequence to = new Sequence(from.namespace, true,
        new KvTokens(from.tokens, numShared, choice % 5), Math.max(1, numShared));
    to.numWritten = numShared;
    open.put(child, to);
    return List.of(child, numShared);
  }

  private List<Integer> truncate(int sequence, Sequence own, int amount, int choice) {
    int numKept = amount % (own.numWritten + 2);
    boolean isHolder = cache.numBlocks(sequence) > 0;
    cache.truncate(sequence, numKept);
    own.numWritten = Math.min(own.numWritten, numKept);
    if (isHolder && choice % 2 == 0) {
      own.tokens.changeFrom(own.numWritten, choice % 5);
    }
    return List.of(numKept);
  }

  private List<Integer> release(int sequence, Sequence own) {
    cache.release(sequence);
    own.numWritten = 0;
    assertThat(cache.numBlocks(sequence)).as("blocks after a release").isZero();
    KvCacheSnapshot once = snapshot();
    cache.release(sequence);
    assertThat(snapshot()).as("I11: released once").isEqualTo(once);
    return List.of();
  }

  private List<Integer> close(int sequence) {
    cache.close(sequence);
    open.remove(sequence);
    return List.of();
  }

  private List<Integer> pin(int sequence, int choice) {
    if (cache.numBlocks(sequence) > 0 && pins.size() < 4) {
      int block = cache.block(sequence, choice % cache.numBlocks(sequence));
      cache.pin(block);
      pins.add(block);
    }
    return List.of(pins.size());
  }

  private List<Integer> unpin(int choice) {
    if (!pins.isEmpty()) {
      cache.unpin(pins.remove(choice % pins.size()));
    }
    return List.of(pins.size());
  }

  private List<Integer> clear() {
    KvCacheSnapshot before = snapshot();
    boolean isDone = cache.clearPrefixes();
    boolean isUnused = before.numFree() == cache.numBlocks();
    assertThat(isDone).as("I26: cleared only when nothing is held").isEqualTo(isUnused);
    if (isDone) {
      assertThat(cache.numCachedBlocks()).as("I26: cached blocks").isZero();
    } else {
      assertThat(snapshot()).as("I9: refused, so unchanged").isEqualTo(before);
    }
    return List.of(isDone ? 1 : 0);
  }

  private List<Integer> misuse(int sequence, Sequence own, int choice) {
    KvCacheSnapshot before = snapshot();
    int numPositions = cache.numBlocks(sequence) * blockSize;
    List<Runnable> wrongCalls = List.of(
        () -> cache.open(sequence, own.namespace, true),
        () -> cache.release(config.maxNumSequences()),
        () -> cache.reserve(sequence, numPositions + 1 + config.maxNumTokens(), 0),
        () -> cache.reserve(sequence, 0, config.maxNumTokens() + 1),
        () -> cache.commit(sequence, own.tokens, numPositions + 1),
        () -> cache.block(sequence, cache.numBlocks(sequence)),
        () -> cache.unpin(firstUnpinned()),
        () -> cache.numHolders(0),
        () -> cache.fork(sequence, sequence, blockSize));
    Runnable wrongCall = wrongCalls.get(choice % wrongCalls.size());
    assertThatThrownBy(wrongCall::run).isInstanceOfAny(
        IllegalArgumentException.class, IllegalStateException.class);
    assertThat(snapshot()).as("misused, so unchanged").isEqualTo(before);
    return List.of();
  }

  void closeAll() {
    open.keySet().forEach(cache::close);
    open.clear();
    pins.forEach(cache::unpin);
    pins.clear();
  }

  private int firstUnpinned() {
    int block = 1;
    while (pins.contains(block)) {
      block++;
    }
    return block;
  }
}
