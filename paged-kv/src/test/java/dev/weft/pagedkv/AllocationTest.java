package dev.weft.pagedkv;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.testkit.KvCacheConfig;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Nothing is allocated once every method has run; measured by the thread's allocation counter. The
 * JVM charges a thread now and then for compiling what it runs, so most rounds must be free, not
 * all.
 */
class AllocationTest {
  private static final int NUM_SEQUENCES = 8;
  private static final int NUM_ROUNDS = 31;
  private static final TokenSequence[] TEXTS = new TokenSequence[NUM_SEQUENCES];

  static {
    for (int i = 0; i < NUM_SEQUENCES; i++) {
      TEXTS[i] = Texts.branch(0, 8 * i, i, 128);
    }
  }

  private final PagedKvCache cache = KvCaches.builder(new KvCacheConfig(
      40, 16, NUM_SEQUENCES, NUM_SEQUENCES, 16, true, EvictionRank.LEAST_RECENTLY_USED)).build();

  @Test
  void stepsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int sequence = 0; sequence < NUM_SEQUENCES; sequence++) {
      cache.open(sequence, KvNamespace.PLAIN, true);
    }
    measure(threads);
    long[] bytes = new long[NUM_ROUNDS];
    for (int round = 0; round < NUM_ROUNDS; round++) {
      bytes[round] = measure(threads);
    }
    Arrays.sort(bytes);

    assertThat(cache.numEvictions()).as("evictions").isPositive();
    assertThat(bytes[NUM_ROUNDS / 2]).as("bytes in a round of 2,000 steps").isZero();
  }

  private long measure(ThreadMXBean threads) {
    long before = threads.getCurrentThreadAllocatedBytes();
    runSteps(2_000);
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  /** Admit, decode, withdraw, fork, roll back, preempt; blocks run short, prefixes are evicted. */
  private void runSteps(int numSteps) {
    for (int step = 0; step < numSteps; step++) {
      int sequence = step * 5 % NUM_SEQUENCES;
      TokenSequence text = TEXTS[sequence];
      int start = cache.match(sequence, text, 128);
      if (cache.numBlocks(sequence) == 0 && cache.reserve(sequence, start, 100)) {
        cache.commit(sequence, text, 100);
      }
      int held = cache.numBlocks(sequence) * 16;
      if (held > 0 && cache.reserve(sequence, Math.min(100, held), 120)) {
        cache.commit(sequence, text, 120);
        if (cache.uncommit(sequence, 100)) {
          cache.truncate(sequence, 100);
        }
      }
      int child = (sequence + 1) % NUM_SEQUENCES;
      if (held > 0 && cache.numBlocks(child) == 0) {
        cache.fork(sequence, child, 90);
        cache.reserve(child, 90, 91);
        cache.pin(cache.block(child, 0));
        cache.release(child);
        cache.unpin(cache.block(sequence, 0));
      }
      if (step % 3 == 0) {
        cache.release((sequence + 3) % NUM_SEQUENCES);
      }
    }
  }
}
