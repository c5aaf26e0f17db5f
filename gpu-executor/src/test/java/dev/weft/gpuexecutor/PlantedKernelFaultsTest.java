package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The emulator finds what is wrong with a kernel, and says what and where. */
class PlantedKernelFaultsTest {
  /** What races.cpp finds, in whatever order the threads ran. */
  @Nested class Races {
    @ParameterizedTest
    @CsvSource({"1, 0", "1, 1", "1, 2", "2, 0", "2, 1", "2, 2", "3, 0", "3, 1", "3, 2", "3, 6",
        "4, 0", "4, 1", "4, 2"})
    void aMissingBarrierOrWaitIsFound(int mode, long schedule) {
      TestKernel kernel = new TestKernel("test_exchange", "PPI");
      try (KernelRunner device = checked(schedule)) {
        DeviceArray from = device.ints(new int[4 * 96]);

        List<String> said = device.complaintsOf(kernel, 1, 96, 0, device.ints(96), from, mode);

        // Without the first barrier the other warp may not even have begun to write.
        assertThat(said).isNotEmpty().allSatisfy(text -> assertThat(text).matches(
            "race in test_exchange: .* shared memory, which .*, with nothing between.*"
                + "|test_exchange: .* reads shared memory that its block has not written.*"));
      }
    }

    @Test
    void aShuffleOrVoteOrdersNoMemoryButAWarpBarrierDoes() {
      TestKernel kernel = new TestKernel("test_warp_exchange", "PI");
      try (KernelRunner device = checked(0)) {
        DeviceArray to = device.ints(32);

        assertThat(device.complaintsOf(kernel, 1, 32, 0, to, 1)).isEmpty();
        assertThat(device.complaintsOf(kernel, 1, 32, 0, to, 0)).first().asString()
            .contains(" of block 0 reads shared memory, which thread 0 of block 0 wrote");
      }
    }

    @Test
    void blocksThatWriteTheSamePlaceAreFoundAndAtomicsAreNot() {
      try (KernelRunner device = checked(0)) {
        DeviceArray to = device.ints(new int[1]);

        assertThat(device.complaintsOf(new TestKernel("test_blocks_count", "P"), 2, 2, 0, to))
            .isEmpty();
        assertThat(device.complaintsOf(new TestKernel("test_blocks_meet", "P"), 2, 1, 0, to))
            .hasSize(2) // an int is two cells
            .first().asString()
            .contains("race in test_blocks_meet: thread 0 of block 1 writes byte 0 of")
            .contains("which thread 0 of block 0 wrote");
      }
    }

    @Test
    void readingSharedMemoryThatTheBlockHasNotWrittenIsFound() {
      TestKernel kernel = new TestKernel("test_reads_unwritten_shared", "P");
      try (KernelRunner device = checked(0)) {
        assertThat(device.complaintsOf(kernel, 1, 64, 0, device.floats(64))).first().asString()
            .contains("thread 32 of block 0 reads shared memory that its block has not written");
      }
    }

    @Test
    void readingDeviceMemoryThatNobodyHasWrittenIsFoundWhenAskedFor() {
      TestKernel kernel = new TestKernel("test_reads_at", "PPI");
      try (KernelRunner device = checked(0)) {
        StandIn.check(StandIn.Checks.RACES_AND_UNWRITTEN);
        DeviceArray to = device.ints(1);

        assertThat(device.complaintsOf(kernel, 1, 1, 0, to, device.ints(new int[3]), 2)).isEmpty();
        assertThat(device.complaintsOf(kernel, 1, 1, 0, to, device.ints(3), 2)).first().asString()
            .contains("reads byte 8 of").contains("which nobody has written");
      }
    }

    private KernelRunner checked(long schedule) {
      assumeTrue(!StandIn.isSanitized(),
          "the sanitizers do not go together with the search for races");
      return KernelRunner.open(schedule);
    }
  }

  /** What shows in the results alone, without the search for races. */
  @Nested class Results {
    @Test
    void aMissingWaitForACopyIsSeenInRoundRobin() {
      assertThat(exchangeIsRight(3, 0)).isFalse();
    }

    @Test
    void aMissingBarrierMayBeSeenByAnAdversarialOrderAlone() {
      assertThat(exchangeIsRight(4, 0)).as("in round robin the warps keep step").isTrue();
      boolean isRight = true;
      for (long schedule = 1; schedule < 40; schedule += 2) {
        isRight &= exchangeIsRight(4, schedule);
      }
      assertThat(isRight).isFalse();
    }

    private boolean exchangeIsRight(int mode, long schedule) {
      TestKernel kernel = new TestKernel("test_exchange", "PPI");
      int[] from = new Random(schedule).ints(4 * 96).toArray();
      try (KernelRunner device = KernelRunner.open(schedule)) {
        StandIn.check(StandIn.Checks.FEW);
        DeviceArray to = device.ints(96);
        device.launchTest(kernel, 1, 96, 0, to, device.ints(from), mode);
        int[] found = to.toInts();
        for (int i = 0; i < 96; i++) {
          if (found[i] != from[4 * ((i + 64) % 96)] + 1) {
            return false;
          }
        }
        return true;
      }
    }
  }

  /** What ends a kernel. */
  @Nested class Ends {
    // Without checks an access must be off by a page to be sure to hit the one that faults; farther
    // off is what belongs to the JVM.
    @ParameterizedTest
    @CsvSource({"RACES, -1", "RACES, 3", "FEW, 1024", "FEW, -1024"})
    void anAddressOutsideEndsTheKernel(StandIn.Checks checks, int index) {
      TestKernel kernel = new TestKernel("test_writes_at", "PI");
      assertAddress(checks, kernel, index);
    }

    @ParameterizedTest
    @CsvSource({"RACES, -1", "RACES, 3", "FEW, 1024", "FEW, -1024"})
    void soDoesReadingThere(StandIn.Checks checks, int index) {
      TestKernel kernel = new TestKernel("test_reads_at", "PPI");
      assertAddress(checks, kernel, index);
    }

    private void assertAddress(StandIn.Checks checks, TestKernel kernel, int index) {
      assumeTrue(!StandIn.isSanitized(),
          "the sanitizers handle faults by themselves");
      try (KernelRunner device = KernelRunner.open()) {
        StandIn.check(checks);
        DeviceArray array = device.ints(new int[3]);
        Object[] arguments = kernel.parameters().length() == 2
            ? new Object[] {array, index} : new Object[] {array, array, index};

        assertCode(700, device, kernel, 1, 0, arguments);
        assertThat(StandIn.complaints()).singleElement().asString()
            .contains(kernel.entry() + ", block (0, 0, 0), thread (0, 0, 0): ");
        StandIn.heal();
      }
    }

    @Test
    void freedMemoryIsGone() {
      assumeTrue(!StandIn.isSanitized(),
          "the sanitizers handle faults by themselves");
      TestKernel kernel = new TestKernel("test_writes_at", "PI");
      for (StandIn.Checks checks : StandIn.Checks.values()) {
        try (KernelRunner device = KernelRunner.open()) {
          StandIn.check(checks);
          DeviceMemory memory = device.driver().allocate(8);
          device.driver().free(memory);

          assertCode(700, device, kernel, 1, 0, memory, 0);
          assertThat(StandIn.complaints()).hasSize(1);
          StandIn.heal();
        }
      }
    }

    @Test
    void dynamicSharedMemoryIsAsLargeAsTheLaunchSays() {
      assumeTrue(!StandIn.isSanitized(),
          "the sanitizers handle faults by themselves");
      TestKernel kernel = new TestKernel("test_writes_dynamic_shared_at", "PI");
      try (KernelRunner device = KernelRunner.open()) {
        DeviceArray to = device.ints(1);

        device.launchTest(kernel, 1, 1, 256, to, 63);
        assertCode(700, device, kernel, 1, 256, to, 64);
        assertThat(StandIn.complaints()).hasSize(1);
        StandIn.heal();
        assertCode(700, device, kernel, 1, 0, to, 0);
        assertThat(StandIn.complaints()).hasSize(1);
        StandIn.heal();
      }
    }

    @ParameterizedTest
    @CsvSource({
        "test_divergent_barrier, 64, deadlock: thread 40 waits in its warp for lanes 000000ff",
        "test_shuffle_of_the_gone, 32, deadlock: thread 0 waits in its warp for lanes ffff0000",
        "test_lanes_disagree, 32, lanes of a warp meet in different operations",
        "test_trap, 32, 'thread (3, 0, 0): __trap()'"})
    void aKernelThatCannotGoOnEnds(String entry, int numThreads, String reason) {
      for (long schedule : new long[] {0, 1, 2}) {
        try (KernelRunner device = KernelRunner.open(schedule)) {
          DeviceArray to = device.ints(64);

          assertCode(719, device, new TestKernel(entry, "P"), numThreads, 0, to);
          assertThat(StandIn.complaints()).singleElement().asString().contains(reason);
          StandIn.heal();
        }
      }
    }

    @Test
    void aStackThatIsTooDeepEndsTheKernel() {
      assumeTrue(!StandIn.isSanitized(),
          "the sanitizers handle faults by themselves");
      TestKernel kernel = new TestKernel("test_recursion", "PI");
      try (KernelRunner device = KernelRunner.open()) {
        DeviceArray to = device.ints(1);

        device.launchTest(kernel, 1, 1, 0, to, 100);
        assertCode(700, device, kernel, 1, 0, to, 1000);
        assertThat(StandIn.complaints()).singleElement().asString().contains("where no memory is");
        StandIn.heal();
      }
    }

    private void assertCode(
        int code, KernelRunner device, TestKernel kernel, int numThreads, int sharedBytes,
        Object... arguments) {
      CudaException thrown = null;
      try {
        device.tryTest(kernel, 1, numThreads, sharedBytes, arguments);
      } catch (CudaException e) {
        thrown = e;
      }
      assertThat(thrown).isNotNull();
      assertThat(thrown.code()).isEqualTo(code);
    }
  }
}
