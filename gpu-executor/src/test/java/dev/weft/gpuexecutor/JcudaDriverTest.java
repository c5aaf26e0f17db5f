package dev.weft.gpuexecutor;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The seam over JCuda: memory, errors, what is refused, and that a step makes no object. */
class JcudaDriverTest {
  private CudaDriver driver;

  @BeforeEach
  void open() {
    StandIn.reset();
    driver = StandIn.driver();
  }

  private void close() {
    driver.close();
    StandIn.verify();
  }

  // ---- device and memory

  @Test
  void theDeviceIsDescribed() {
    StandIn.devices(2, 8, 6, 28);

    assertThat(driver.deviceCount()).isEqualTo(2);
    assertThat(driver.device(1)).isEqualTo(new CudaDevice(1, "stand-in", 8, 6, 28));
    assertCode(101, "cuDeviceGet", () -> driver.device(2));
    close();
  }

  @Test
  void slicesAreWhereTheySay() {
    DeviceMemory memory = driver.allocate(100);
    DeviceMemory part = memory.slice(10, 80).slice(5, 20);
    PinnedMemory pinned = driver.allocatePinned(100);
    PinnedMemory pinnedPart = pinned.slice(10, 80).slice(5, 20);
    CudaStream stream = driver.stream();

    assertThat(part.address()).isEqualTo(memory.address() + 15);
    assertThat(part.bytes()).isEqualTo(20);
    assertThat(pinnedPart.address()).isEqualTo(pinned.address() + 15);
    assertThat(pinnedPart.bytes()).isEqualTo(20);
    assertThat(pinnedPart.buffer().order()).isEqualTo(ByteOrder.nativeOrder());

    pinnedPart.buffer().put(3, (byte) 77);
    assertThat(pinned.buffer().get(18)).as("in the buffer of the whole").isEqualTo((byte) 77);
    driver.copyToDevice(part, pinnedPart, 20, stream);
    driver.copyOnDevice(memory.slice(50, 20), part, 20, stream);
    driver.copyToHost(pinned, memory.slice(50, 20), 20, stream);
    driver.synchronize();
    assertThat(pinned.buffer().get(3)).as("through device memory").isEqualTo((byte) 77);

    for (long[] range : new long[][] {{-1, 5}, {0, 101}, {100, 1}, {5, -1}, {1, Long.MAX_VALUE}}) {
      assertThatThrownBy(() -> memory.slice(range[0], range[1]))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> pinned.slice(range[0], range[1]))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> driver.allocatePinned(1L << 31))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> driver.free(pinnedPart))
        .isInstanceOf(IllegalArgumentException.class);
    driver.release(stream);
    driver.free(memory);
    driver.free(pinned);
    close();
  }

  @Test
  void memoryThatIsNotThereIsSaidHowMuch() {
    StandIn.memory(1000);
    DeviceMemory memory = driver.allocate(600);

    assertThatThrownBy(() -> driver.allocate(500))
        .isInstanceOfSatisfying(OutOfDeviceMemoryException.class, e -> {
          assertThat(e.code()).isEqualTo(2);
          assertThat(e.neededBytes()).isEqualTo(500);
          assertThat(e.freeBytes()).isEqualTo(400);
        })
        .hasMessage("cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2): needs 500 bytes, the device has 400"
            + " free");
    driver.free(memory);
    assertThat(driver.freeBytes()).isEqualTo(1000);
    StandIn.failCall("cuMemHostAlloc", 1, 2);
    assertThatThrownBy(() -> driver.allocatePinned(64))
        .isInstanceOf(OutOfDeviceMemoryException.class);
    StandIn.failCall("cuMemHostGetDevicePointer", 1, 1);
    assertCode(1, "cuMemHostGetDevicePointer", () -> driver.allocatePinned(64));
    close();
  }

  @Test
  void whatIsNotGivenBackIsFound() {
    driver.allocate(10);
    driver.allocatePinned(20);
    CudaStream stream = driver.stream();
    driver.event();
    driver.load(TestKernel.GATHER.ptx());
    driver.beginCapture(stream);
    driver.endCapture(stream);

    assertThat(StandIn.leaks()).containsExactlyInAnyOrder(
        "device memory 1 of 10 bytes", "pinned memory 2 of 20 bytes", "stream 1", "event 1",
        "module 1", "graph 1", "the primary context");
    assertThat(catchThrowable(StandIn::verify)).isInstanceOf(AssertionError.class)
        .hasMessageContaining("not given back: stream 1");
    assertThat(StandIn.leaks()).isEmpty();
  }

  // ---- errors

  @Test
  void anErrorOfAKernelShowsUpLaterAndThenAlways() {
    StandIn.order(StandIn.Order.LAZY, 0);
    CudaModule module = driver.load(TestKernel.GATHER.ptx());
    CudaKernel kernel = driver.kernel(module, TestKernel.GATHER.entry(), 0);
    CudaStream stream = driver.stream();
    CudaEvent event = driver.event();
    DeviceMemory memory = driver.allocate(8);
    PinnedMemory arguments = driver.allocatePinned(KernelArguments.BYTES);
    TestKernel.GATHER.pack(arguments, memory, memory, memory, 0, 0);
    StandIn.failKernel(2, 719);

    for (int i = 0; i < 3; i++) {
      driver.launch(kernel, 1, 1, 1, 1, stream, arguments);
    }
    driver.record(event, stream);

    assertCode(719, "cuEventSynchronize", () -> driver.block(event));
    assertCode(719, "cuEventQuery", () -> driver.isDone(event));
    assertCode(719, "cuMemAlloc", () -> driver.allocate(8));
    assertThat(StandIn.numKernels()).isEqualTo(2);
    // No device takes anything back then; it counts that it was offered.
    for (Runnable release : List.<Runnable>of(
        () -> driver.free(memory), () -> driver.free(arguments), () -> driver.release(event),
        () -> driver.release(stream), () -> driver.release(module), driver::close)) {
      assertThatThrownBy(release::run).isInstanceOf(CudaException.class);
    }
    StandIn.verify();
  }

  @Test
  void whoWaitsForWhatHangsIsLetGoByAReset() throws InterruptedException {
    CudaModule module = driver.load(TestKernel.GATHER.ptx());
    CudaKernel kernel = driver.kernel(module, TestKernel.GATHER.entry(), 0);
    CudaStream stream = driver.stream();
    CudaEvent event = driver.event();
    PinnedMemory arguments = driver.allocatePinned(KernelArguments.BYTES);
    TestKernel.GATHER.pack(arguments, 0L, 0L, 0L, 0, 0);
    StandIn.hangKernel(1);
    driver.launch(kernel, 1, 1, 1, 1, stream, arguments);
    driver.record(event, stream);
    List<Throwable> thrown = new ArrayList<>();
    Thread waiting = new Thread(() -> {
      driver.bindToThread();
      thrown.add(catchThrowable(() -> driver.block(event)));
    });
    waiting.start();
    while (StandIn.numCalls("cuEventSynchronize") == 0) {
      Thread.onSpinWait();
    }

    assertThat(driver.isDone(event)).isFalse();
    StandIn.reset();
    waiting.join();

    assertThat(thrown).singleElement().isInstanceOf(CudaException.class);
    // What this test holds means nothing any more, and the next test does not hear of it.
    assertCode(201, "cuEventRecord", () -> driver.record(event, stream));
    open();
    CudaEvent next = driver.event();
    assertCode(400, "cuEventRecord", () -> driver.record(event, stream));
    driver.release(next);
    assertThat(StandIn.complaints())
        .containsExactly("a handle that is no event", "a handle that is no stream");
    close();
  }

  @Test
  void anyCallCanBeMadeToFailOnce() {
    CudaStream stream = driver.stream();
    DeviceMemory memory = driver.allocate(8);
    StandIn.failCall("cuMemsetD8Async", 2, 1);

    driver.fill(memory, (byte) 0, 8, stream);
    assertCode(1, "cuMemsetD8Async", () -> driver.fill(memory, (byte) 0, 8, stream));
    driver.fill(memory, (byte) 0, 8, stream);

    StandIn.failCall("cuMemsetD8Async", 1, 700);
    assertCode(700, "cuMemsetD8Async", () -> driver.fill(memory, (byte) 0, 8, stream));
    assertCode(700, "cuCtxSynchronize", driver::synchronize);
    StandIn.heal();
    driver.free(memory);
    driver.release(stream);
    assertThat(StandIn.numCalls("cuMemsetD8Async")).isEqualTo(4);
    close();
  }

  @Test
  void aThreadWithoutTheContextIsRefused() throws InterruptedException {
    List<Throwable> thrown = new ArrayList<>();
    Thread thread = new Thread(() -> {
      thrown.add(catchThrowable(driver::synchronize));
      driver.bindToThread();
      thrown.add(catchThrowable(driver::synchronize));
    });
    thread.start();
    thread.join();

    assertThat(thrown.get(0)).hasMessageContaining("(201)");
    assertThat(thrown.get(1)).isNull();
    assertThat(StandIn.complaints())
        .containsExactly("cuCtxSynchronize by a thread without a context");
    assertThatThrownBy(() -> driver.retainPrimaryContext(driver.device(0)))
        .isInstanceOf(IllegalStateException.class);
    close();
  }

  @Test
  void misuseIsRefusedAndExplained() {
    CudaStream stream = driver.stream();
    CudaEvent event = driver.event();
    DeviceMemory memory = driver.allocate(8);
    PinnedMemory pinned = driver.allocatePinned(8);
    driver.release(event);

    assertCode(400, "cuEventRecord", () -> driver.record(event, stream));
    assertCode(400, "cuEventDestroy", () -> driver.release(event));
    assertCode(1, "cuMemcpyHtoDAsync", () -> driver.copyToDevice(memory, pinned, 9, stream));
    assertCode(1, "cuMemFree", () -> driver.free(memory.slice(4, 4)));
    driver.free(memory);
    assertCode(1, "cuMemFree", () -> driver.free(memory));
    assertCode(1, "cuMemsetD8Async", () -> driver.fill(memory, (byte) 0, 1, stream));
    assertThat(StandIn.complaints()).hasSize(6)
        .contains("event 1 was destroyed and is used again");
    driver.free(pinned);
    driver.release(stream);
    close();
  }

  // ---- modules and launches

  @Test
  void aModuleIsPtxAndHasWhatItHas() {
    assertCode(200, "cuModuleLoadData", () -> driver.load(new byte[] {1, 2, 3}));
    CudaModule module = driver.load(TestKernel.GATHER.ptx());
    assertCode(500, "cuModuleGetFunction", () -> driver.kernel(module, "test_place", 0));
    driver.release(module);

    TestKernel other = new TestKernel("test_gather", "PPPPI");
    CudaModule drifted = driver.load(other.ptx());
    assertCode(500, "cuModuleGetFunction", () -> driver.kernel(drifted, "test_gather", 0));
    assertThat(StandIn.complaints()).containsExactly(
        "test_place is not in the PTX",
        "test_gather: the sources have other parameters than the PTX; run tools/build-kernels");
    driver.release(drifted);
    close();
  }

  @Test
  void aLaunchKeepsToTheLimitsOfTheKernel() {
    CudaModule module = driver.load(TestKernel.GATHER.ptx(".maxntid 64, 1, 1"));
    CudaKernel kernel = driver.kernel(module, TestKernel.GATHER.entry(), 0);
    CudaStream stream = driver.stream();
    DeviceMemory memory = driver.allocate(8);
    PinnedMemory arguments = TestKernel.GATHER.pack(
        driver.allocatePinned(KernelArguments.BYTES), memory, memory, memory, 0, 0);

    driver.launch(kernel, 1, 65535, 1, 64, stream, arguments);
    for (int[] shape : new int[][] {{1, 1, 1, 65}, {1, 1, 1, 0}, {0, 1, 1, 1}, {1, 65536, 1, 1}}) {
      assertCode(1, "cuLaunchKernel", () -> driver.launch(
          kernel, shape[0], shape[1], shape[2], shape[3], stream, arguments));
    }
    assertThat(StandIn.complaints()).hasSize(4).first().asString()
        .isEqualTo("test_gather: 65 threads of 64");
    driver.free(memory);
    driver.free(arguments);
    driver.release(stream);
    driver.release(module);
    close();
  }

  @Test
  void muchSharedMemoryIsAskedForBeforeTheLaunch() {
    String many = "\n.shared .align 16 .b8 big[4096];\n";
    String ptx = new String(TestKernel.GATHER.ptx(), US_ASCII).replace("\tret;", many);
    CudaModule module = driver.load(ptx.getBytes(US_ASCII));
    CudaStream stream = driver.stream();
    DeviceMemory memory = driver.allocate(8);
    PinnedMemory arguments = TestKernel.GATHER.pack(
        driver.allocatePinned(KernelArguments.BYTES), memory, memory, memory, 0, 0);
    int most = 227 * 1024 - 4096;

    for (int sharedBytes : new int[] {0, 1, 48 * 1024 - 4096, 48 * 1024, most}) {
      CudaKernel kernel = driver.kernel(module, TestKernel.GATHER.entry(), sharedBytes);
      driver.launch(kernel, 1, 1, 1, 32, stream, arguments);
    }
    assertCode(1, "cuFuncSetAttribute",
        () -> driver.kernel(module, TestKernel.GATHER.entry(), most + 1));
    assertThat(StandIn.complaints()).hasSize(1);
    driver.free(memory);
    driver.free(arguments);
    driver.release(stream);
    driver.release(module);
    close();
  }

  @Test
  void whatAStepDoesMakesNoJavaObject() {
    CudaModule module = driver.load(KernelRunner.ptx());
    CudaKernel kernel = driver.kernel(module, Kernel.COPY_BLOCKS.entry(), 0);
    CudaStream stream = driver.stream();
    CudaEvent event = driver.event();
    DeviceMemory memory = driver.allocate(1024);
    DeviceMemory slice = memory.slice(512, 64);
    PinnedMemory pinned = driver.allocatePinned(1024);
    PinnedMemory pinnedSlice = pinned.slice(64, 64);
    PinnedMemory page = driver.allocatePinned(KernelArguments.BYTES);
    KernelArguments arguments = new KernelArguments(Kernel.COPY_BLOCKS, page);
    driver.fill(memory, (byte) 0, 1024, stream);
    driver.beginCapture(stream);
    driver.fill(memory, (byte) 0, 64, stream);
    CudaGraph graph = driver.endCapture(stream);

    Runnable step = () -> {
      driver.copyToDevice(slice, pinnedSlice, 64, stream);
      arguments.pointer(0, memory).pointer(1, slice.address()).integer(2, 1);
      driver.launch(kernel, 1, 1, 1, 32, stream, page);
      driver.launch(graph, stream);
      driver.fill(memory, (byte) 0, 1024, stream);
      driver.copyOnDevice(memory, slice, 64, stream);
      driver.copyToHost(pinnedSlice, slice, 64, stream);
      driver.record(event, stream);
      driver.await(stream, event);
      driver.isDone(event);
      driver.block(event);
    };
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 2000; i++) {
      step.run();
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 1000; i++) {
      step.run();
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    assertThat(allocated).as("bytes of 1000 steps").isLessThan(1000);
    driver.release(graph);
    driver.free(page);
    driver.free(pinned);
    driver.free(memory);
    driver.release(event);
    driver.release(stream);
    driver.release(module);
    close();
  }

  private static void assertCode(int code, String call, Runnable use) {
    assertThatThrownBy(use::run).isInstanceOfSatisfying(CudaException.class, e -> {
      assertThat(e.code()).isEqualTo(code);
      assertThat(e.call()).isEqualTo(call);
      assertThat(e.errorName()).startsWith("CUDA_ERROR_");
    });
  }
}
