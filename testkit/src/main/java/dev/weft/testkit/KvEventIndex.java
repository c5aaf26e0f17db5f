package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a router outside knows: an index that is built from the events of a cache and from nothing
 * else. Fails on an event that cannot be true: a gap in the numbers, an unknown parent, content
 * that is there already, a removal before the children's.
 */
public final class KvEventIndex implements KvEventListener {
  /** What a stored event said of a block. */
  private record Entry(long parentKey, KvNamespace namespace, List<Integer> tokens) {}

  private final Map<Long, Entry> entries = new HashMap<>();
  private final Map<Entry, Long> keys = new HashMap<>();
  private final Set<Long> usedKeys = new HashSet<>();
  private final List<String> log = new ArrayList<>();
  private long lastNumber;

  /** An index of a cache in which nothing can be found. */
  public KvEventIndex() {}

  @Override
  public void onStored(long eventNumber, long key, long parentKey, KvNamespace namespace,
      int[] tokens, int offset, int numTokens) {
    follow(eventNumber);
    List<Integer> own = new ArrayList<>();
    for (int i = offset; i < offset + numTokens; i++) {
      own.add(tokens[i]);
    }
    Entry entry = new Entry(parentKey, namespace, own);
    assertThat(key).as("I72: key of a stored block").isNotZero();
    assertThat(usedKeys.add(key)).as("I72: key %d is new", key).isTrue();
    if (parentKey != 0) {
      Entry parent = entries.get(parentKey);
      if (parent == null) {
        throw new AssertionError("I72: parent " + parentKey + " of " + key + " was not stored");
      }
      assertThat(parent.namespace).as("I21: namespace").isEqualTo(namespace);
    }
    assertThat(keys.put(entry, key)).as("I22: earlier key of %s", entry).isNull();
    entries.put(key, entry);
    log.add("stored " + key + " " + entry);
  }

  @Override
  public void onRemoved(long eventNumber, long key) {
    follow(eventNumber);
    Entry entry = entries.remove(key);
    if (entry == null) {
      throw new AssertionError("I72: removed block " + key + " was not stored");
    }
    assertThat(entries.values()).as("I72: children of removed block %d", key)
        .noneMatch(other -> other.parentKey == key);
    keys.remove(entry);
    log.add("removed " + key);
  }

  @Override
  public void onCleared(long eventNumber) {
    follow(eventNumber);
    entries.clear();
    keys.clear();
    log.add("cleared");
  }

  private void follow(long eventNumber) {
    if (lastNumber != 0) {
      assertThat(eventNumber).as("I73: event number").isEqualTo(lastNumber + 1);
    }
    lastNumber = eventNumber;
  }

  /** Blocks that can be found. */
  public int size() {
    return entries.size();
  }

  /** Number of the last event, 0 before the first. */
  public long lastNumber() {
    return lastNumber;
  }

  /** Events so far, in words. */
  public List<String> log() {
    return List.copyOf(log);
  }

  /** Length in blocks, at most {@code maxNumBlocks}, of the longest prefix that can be found. */
  public int match(KvNamespace namespace, TokenSequence tokens, int blockSize, int maxNumBlocks) {
    long parentKey = 0;
    for (int block = 0; block < maxNumBlocks; block++) {
      List<Integer> own = new ArrayList<>();
      for (int i = block * blockSize; i < (block + 1) * blockSize; i++) {
        own.add(tokens.token(i));
      }
      Long key = keys.get(new Entry(parentKey, namespace, own));
      if (key == null) {
        return block;
      }
      parentKey = key;
    }
    return maxNumBlocks;
  }
}
