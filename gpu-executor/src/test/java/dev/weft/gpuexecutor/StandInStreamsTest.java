package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Streams, events, graphs and pinned memory of the stand-in, through the seam. */
class StandInStreamsTest {
  private static final int LENGTH = 64;
  private static final long BYTES = 4 * LENGTH;

  private final CudaDriver driver;
  private final CudaModule module;
  private final CudaKernel gather;

  StandInStreamsTest() {
    StandIn.reset();
    driver = StandIn.driver();
    module = driver.load(TestKernel.GATHER.ptx());
    gather = driver.kernel(module, TestKernel.GATHER.entry(), 0);
  }

  @AfterEach
  void close() {
    driver.release(module);
    driver.close();
    StandIn.verify();
  }

  /** What a decode loop does: steps in flight, staging areas in turn, results one step late. */
  @Nested class Loop {
    private static final int NUM_STEPS = 9;

    @ParameterizedTest
    @CsvSource({
        "EAGER, 2, 0", "LAZY, 2, 0", "RANDOM, 2, 1", "RANDOM, 2, 2", "RANDOM, 3, 3", "LAZY, 3, 0"})
    void twoStepsInFlightComputeWhatOneDoes(StandIn.Order order, int numAreas, long seed) {
      StandIn.order(order, seed);
      assertThat(wrongSteps(numAreas, true)).isEmpty();
    }

    @Test
    void anAreaUsedTooEarlyIsFoundWhenWorkIsLate() {
      StandIn.order(StandIn.Order.EAGER, 0);
      assertThat(wrongSteps(1, false)).as("hidden by eager work").isEmpty();

      StandIn.order(StandIn.Order.LAZY, 0);
      assertThat(wrongSteps(1, false)).isNotEmpty();
    }

    /** The steps whose results are wrong. */
    private List<Integer> wrongSteps(int numAreas, boolean guarded) {
      try (DecodeLoop loop = new DecodeLoop(numAreas)) {
        List<Integer> wrong = new ArrayList<>();
        for (int step = 0; step <= NUM_STEPS; step++) {
          if (step < NUM_STEPS) {
            loop.submit(step, guarded);
          }
          if (step > 0 && !loop.finish(step - 1)) {
            wrong.add(step - 1);
          }
        }
        return wrong;
      }
    }
  }

  /** A captured gather, fed through pinned areas, its results fetched by a second stream. */
  private final class DecodeLoop implements AutoCloseable {
    private final List<PinnedMemory> pinned = new ArrayList<>();
    private final List<DeviceMemory> memory = new ArrayList<>();
    private final List<CudaHandle> handles = new ArrayList<>();
    private final CudaStream compute = keep(driver.stream());
    private final CudaStream fetch = keep(driver.stream());
    private final PinnedMemory[] areas;
    private final CudaEvent[] computed = new CudaEvent[2];
    private final CudaEvent[] fetched = new CudaEvent[2];
    private final PinnedMemory[] results = {pinned(), pinned()};
    private final DeviceMemory from = device();
    private final DeviceMemory index = device();
    private final DeviceMemory[] to = {device(), device()};
    private final CudaGraph[] graphs = new CudaGraph[2];
    private final int[] values = new Random(5).ints(LENGTH).toArray();
    private final List<int[]> indices = new ArrayList<>();

    DecodeLoop(int numAreas) {
      areas = new PinnedMemory[numAreas];
      for (int i = 0; i < numAreas; i++) {
        areas[i] = pinned();
      }
      areas[0].buffer().asIntBuffer().put(values);
      driver.copyToDevice(from, areas[0], BYTES, compute);
      driver.synchronize();
      for (int i = 0; i < 2; i++) {
        computed[i] = keep(driver.event());
        fetched[i] = keep(driver.event());
        PinnedMemory arguments = driver.allocatePinned(KernelArguments.BYTES);
        pinned.add(arguments);
        TestKernel.GATHER.pack(arguments, to[i], from, index, LENGTH, 3);
        driver.beginCapture(compute);
        driver.launch(gather, 2, 1, 1, LENGTH / 2, compute, arguments);
        graphs[i] = keep(driver.endCapture(compute));
      }
    }

    void submit(int step, boolean guarded) {
      int[] wanted = new Random(step).ints(LENGTH, 0, LENGTH).toArray();
      indices.add(wanted);
      PinnedMemory area = areas[step % areas.length];
      if (guarded && step >= areas.length) {
        driver.block(fetched[(step - areas.length) % 2]);
      }
      area.buffer().asIntBuffer().put(wanted);
      driver.copyToDevice(index, area, BYTES, compute);
      if (step >= 2) {
        driver.await(compute, fetched[step % 2]);
      }
      driver.launch(graphs[step % 2], compute);
      driver.record(computed[step % 2], compute);
      driver.await(fetch, computed[step % 2]);
      driver.copyToHost(results[step % 2], to[step % 2], BYTES, fetch);
      driver.record(fetched[step % 2], fetch);
    }

    boolean finish(int step) {
      int polls = 0;
      while (!driver.isDone(fetched[step % 2]) && polls++ < 3) {
        Thread.onSpinWait();
      }
      driver.block(fetched[step % 2]);
      for (int i = 0; i < LENGTH; i++) {
        int expected = values[indices.get(step)[i]] + 3;
        if (results[step % 2].buffer().getInt(4 * i) != expected) {
          return false;
        }
      }
      return true;
    }

    private PinnedMemory pinned() {
      PinnedMemory made = driver.allocatePinned(BYTES);
      pinned.add(made);
      return made;
    }

    private DeviceMemory device() {
      DeviceMemory made = driver.allocate(BYTES);
      memory.add(made);
      return made;
    }

    private <T extends CudaHandle> T keep(T handle) {
      handles.add(handle);
      return handle;
    }

    @Override
    public void close() {
      driver.synchronize();
      handles.forEach(driver::release);
      memory.forEach(driver::free);
      pinned.forEach(driver::free);
    }
  }

  /** Two streams that touch the same memory. */
  @Nested class Hazards {
    private final CudaStream first = driver.stream();
    private final CudaStream second = driver.stream();
    private final CudaEvent event = driver.event();
    private final DeviceMemory memory = driver.allocate(BYTES);
    private final DeviceMemory other = driver.allocate(BYTES);
    private final PinnedMemory host = driver.allocatePinned(BYTES);
    private final PinnedMemory arguments = driver.allocatePinned(KernelArguments.BYTES);

    @BeforeEach
    void check() {
      StandIn.check(StandIn.Checks.RACES);
    }

    @AfterEach
    void free() {
      driver.synchronize();
      driver.free(arguments);
      driver.free(host);
      driver.free(other);
      driver.free(memory);
      driver.release(event);
      driver.release(second);
      driver.release(first);
    }

    @ParameterizedTest
    @EnumSource
    void aReadNotOrderedAfterAWriteIsFoundInEveryOrder(StandIn.Order order) {
      StandIn.order(order, 3);

      driver.fill(memory, (byte) 1, BYTES, first);
      driver.copyToHost(host, memory, BYTES, second);
      driver.synchronize();

      assertThat(StandIn.complaints()).isNotEmpty().allSatisfy(text -> assertThat(text)
          .contains("hazard: ").contains("with no event between"));
    }

    @ParameterizedTest
    @EnumSource
    void anEventOrdersThem(StandIn.Order order) {
      StandIn.order(order, 3);

      driver.fill(memory, (byte) 1, BYTES, first);
      driver.record(event, first);
      driver.await(second, event);
      driver.copyToHost(host, memory, BYTES, second);
      driver.synchronize();

      assertThat(StandIn.complaints()).isEmpty();
      assertThat(host.buffer().get(7)).isEqualTo((byte) 1);
    }

    @Test
    void soDoesTheHostThatWaits() {
      driver.fill(memory, (byte) 1, BYTES, first);
      driver.record(event, first);
      driver.block(event);
      driver.copyToHost(host, memory, BYTES, second);
      driver.synchronize();
      driver.fill(memory, (byte) 2, BYTES, first);
      driver.synchronize();

      assertThat(StandIn.complaints()).isEmpty();
    }

    @Test
    void aWriteNotOrderedAfterAReadIsFound() {
      driver.copyToHost(host, memory, BYTES, first);
      driver.fill(memory, (byte) 1, 4, second);

      assertThat(StandIn.complaints()).first().asString().contains(
          "hazard: cuMemsetD8Async in stream 2 writes byte 0 of",
          "which cuMemcpyDtoHAsync in stream 1 read, with no event between");
    }

    @Test
    void differentBytesOfOneAllocationAreNoHazard() {
      driver.fill(memory, (byte) 1, BYTES / 2, first);
      driver.fill(memory.slice(BYTES / 2, BYTES / 2), (byte) 2, BYTES / 2, second);

      assertThat(StandIn.complaints()).isEmpty();
    }

    @Test
    void kernelsCountToTheByteTheyTouch() {
      assumeTrue(!StandIn.isSanitized(),
          "the sanitizers do not go together with the search for races");
      driver.fill(memory, (byte) 0, BYTES, first);
      driver.record(event, first);
      driver.await(second, event);
      TestKernel.GATHER.pack(arguments, other, memory, memory, LENGTH / 2, 0);
      driver.launch(gather, 1, 1, 1, LENGTH, second, arguments);

      driver.fill(memory.slice(BYTES / 2, BYTES / 2), (byte) 1, BYTES / 2, first);
      driver.fill(other.slice(BYTES / 2, BYTES / 2), (byte) 1, BYTES / 2, first);
      assertThat(StandIn.complaints()).isEmpty();

      driver.fill(memory, (byte) 1, BYTES / 2, first);
      assertThat(StandIn.complaints()).first().asString().contains(
          "cuMemsetD8Async in stream 1 writes byte 0", "which test_gather in stream 2 read");
      driver.fill(other, (byte) 1, BYTES / 2, first);
      assertThat(StandIn.complaints()).first().asString().contains(
          "cuMemsetD8Async in stream 1 writes byte 0", "which test_gather in stream 2 wrote");
    }
  }

  /** What a capture notes down and what it forbids. */
  @Nested class Captures {
    private final CudaStream stream = driver.stream();
    private final CudaEvent event = driver.event();
    private final DeviceMemory memory = driver.allocate(4);
    private final PinnedMemory host = driver.allocatePinned(4);

    @AfterEach
    void free() {
      driver.free(host);
      driver.free(memory);
      driver.release(event);
      driver.release(stream);
    }

    @Test
    void whatIsCapturedIsNotDoneUntilItIsLaunchedAndThenEveryTime() {
      driver.fill(memory, (byte) 1, 4, stream);
      driver.beginCapture(stream);
      driver.fill(memory, (byte) 2, 4, stream);
      CudaGraph graph = driver.endCapture(stream);
      assertThat(value()).isEqualTo((byte) 1);

      driver.launch(graph, stream);
      assertThat(value()).isEqualTo((byte) 2);
      driver.fill(memory, (byte) 3, 4, stream);
      driver.launch(graph, stream);
      assertThat(value()).isEqualTo((byte) 2);
      driver.release(graph);
    }

    private byte value() {
      driver.copyToHost(host, memory, 4, stream);
      driver.synchronize();
      return host.buffer().get(0);
    }

    @Test
    void whatADriverForbidsThenIsForbiddenAndBreaksTheCapture() {
      List<Runnable> forbidden = List.of(
          driver::synchronize,
          () -> driver.allocate(4),
          () -> driver.allocatePinned(4),
          () -> driver.isDone(event),
          () -> driver.block(event));
      for (Runnable call : forbidden) {
        driver.beginCapture(stream);
        assertCode(900, call);
        assertCode(901, () -> driver.endCapture(stream));
      }
      assertThat(StandIn.complaints()).hasSize(forbidden.size())
          .allSatisfy(text -> assertThat(text).contains("during a capture"));
    }

    @Test
    void anotherThreadMayWorkMeanwhileButNotEndIt() throws InterruptedException {
      driver.beginCapture(stream);
      List<Throwable> thrown = new ArrayList<>();
      Thread thread = new Thread(() -> {
        try {
          driver.bindToThread();
          driver.isDone(event);
          assertCode(908, () -> driver.endCapture(stream));
        } catch (Throwable e) {
          thrown.add(e);
        }
      });
      thread.start();
      thread.join();
      driver.release(driver.endCapture(stream));

      assertThat(thrown).isEmpty();
      assertThat(StandIn.complaints()).containsExactly("a capture ends on another thread");
    }
  }

  /** A device that does not come back. */
  @Nested class Hanging {
    private final CudaStream stream = driver.stream();
    private final CudaEvent event = driver.event();
    private final DeviceMemory memory = driver.allocate(BYTES);
    private final PinnedMemory arguments = driver.allocatePinned(KernelArguments.BYTES);

    @Test
    void whoeverWaitsWaitsUntilItGoesOn() throws InterruptedException {
      driver.fill(memory, (byte) 0, BYTES, stream);
      StandIn.hangKernel(2);
      TestKernel.GATHER.pack(arguments, memory, memory, memory, 1, 0);
      for (int i = 0; i < 3; i++) {
        driver.launch(gather, 1, 1, 1, 1, stream, arguments);
      }
      driver.record(event, stream);
      Thread waiting = new Thread(() -> {
        driver.bindToThread();
        driver.block(event);
      });
      waiting.start();

      for (int i = 0; i < 100; i++) {
        assertThat(driver.isDone(event)).isFalse();
      }
      assertThat(waiting.isAlive()).isTrue();
      assertThat(StandIn.numKernels()).isEqualTo(2);
      StandIn.resume();
      waiting.join();
      assertThat(driver.isDone(event)).isTrue();
      assertThat(StandIn.numKernels(Kernel.EMBED)).isZero();
    }

    @AfterEach
    void free() {
      StandIn.resume();
      driver.free(arguments);
      driver.free(memory);
      driver.release(event);
      driver.release(stream);
    }
  }

  private static void assertCode(int code, Runnable call) {
    assertThatThrownBy(call::run).isInstanceOfSatisfying(
        CudaException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
