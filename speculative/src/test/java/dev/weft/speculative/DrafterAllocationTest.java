package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.Drafter;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Drafters allocate nothing once each place has held a sequence of full length; measured by the
 * thread's allocation counter. The JVM charges a thread now and then for compiling what it runs, so
 * most rounds must be free, not all.
 */
class DrafterAllocationTest {
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int NUM_ROUNDS = 15;

  @Test void promptLookupAllocatesNothing() {
    assertAllocatesNothing(NgramDrafter.builder().windowSize(1024).build(), false);
  }

  @Test void suffixDecodingAllocatesNothing() {
    for (boolean takesTrees : new boolean[] {false, true}) {
      assertAllocatesNothing(
          SuffixDrafter.builder().windowSize(1024).maxNumSharedTokens(5000).build(), takesTrees);
    }
  }

  private static void assertAllocatesNothing(Drafter drafter, boolean takesTrees) {
    SteadyBatch batch = new SteadyBatch(4, 2000, takesTrees);
    long[] bytes = new long[NUM_ROUNDS];
    for (int round = -2; round < NUM_ROUNDS; round++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int step = 0; step < 800; step++) {
        batch.step(drafter);
      }
      bytes[Math.max(0, round)] = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    Arrays.sort(bytes);

    assertThat(batch.numDrafted()).as("drafts").isGreaterThan(1000);
    assertThat(bytes[NUM_ROUNDS / 2]).as("bytes in a round of 800 steps").isZero();
  }
}
