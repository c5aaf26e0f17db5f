package dev.weft.gpuexecutor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The CUDA driver through JCuda's driver API. Handles and memory are JCuda's own objects, made a
 * little wider; addresses are plain numbers as far as the driver is concerned, so a launch or a
 * copy converts no Java object but reads one field.
 *
 * <p>Long for one file, because it is the only one that may name JCuda: one method for each call.
 */
final class JcudaDriver implements CudaDriver {
  /** What JCuda's natives need. An older driver lacks functions, and calling one ends the JVM. */
  static final int MIN_VERSION = 12000;

  private static final int SUCCESS = 0;
  private static final int OUT_OF_MEMORY = 2;
  private static final int NOT_READY = 600;

  // From cuda.h; JCuda's constants of these names are not all ints.
  private static final int STREAM_NON_BLOCKING = 1;
  private static final int EVENT_BLOCKING_SYNC_WITHOUT_TIMING = 1 | 2;
  private static final int CAPTURE_THREAD_LOCAL = 1;
  private static final int MULTIPROCESSORS = 16;
  private static final int CAPABILITY_MAJOR = 75;
  private static final int CAPABILITY_MINOR = 76;
  private static final int FUNCTION_MAX_DYNAMIC_SHARED_BYTES = 8;

  private static final int MAX_NAME_BYTES = 256;

  private @Nullable CUcontext context;
  private @Nullable CUdevice device;

  private JcudaDriver() {}

  /**
   * Loads the natives and starts the driver.
   *
   * @throws LinkageError as {@link CudaNatives#load}
   * @throws UnsupportedOperationException when the driver is older than {@link #MIN_VERSION}
   */
  static JcudaDriver open() {
    int version = CudaNatives.load();
    if (version < MIN_VERSION) {
      throw new UnsupportedOperationException("the NVIDIA driver knows CUDA " + text(version)
          + ", needs " + text(MIN_VERSION) + " (driver 525) or newer");
    }
    JCudaDriver.setExceptionsEnabled(false);
    check(JCudaDriver.cuInit(0), "cuInit");
    return new JcudaDriver();
  }

  private static String text(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  // ---- device and context

  @Override
  public int deviceCount() {
    int[] count = {0};
    check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
    return count[0];
  }

  @Override
  public CudaDevice device(int ordinal) {
    CUdevice found = deviceHandle(ordinal);
    byte[] name = new byte[MAX_NAME_BYTES];
    check(JCudaDriver.cuDeviceGetName(name, name.length, found), "cuDeviceGetName");
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    return new CudaDevice(
        ordinal,
        new String(name, 0, length, StandardCharsets.UTF_8),
        attribute(CAPABILITY_MAJOR, found),
        attribute(CAPABILITY_MINOR, found),
        attribute(MULTIPROCESSORS, found));
  }

  private static CUdevice deviceHandle(int ordinal) {
    CUdevice found = new CUdevice();
    check(JCudaDriver.cuDeviceGet(found, ordinal), "cuDeviceGet");
    return found;
  }

  private static int attribute(int attribute, CUdevice device) {
    int[] value = {0};
    check(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
    return value[0];
  }

  @Override
  public void retainPrimaryContext(CudaDevice wanted) {
    if (context != null) {
      throw new IllegalStateException("this driver has a context, of device " + device);
    }
    CUdevice found = deviceHandle(wanted.ordinal());
    CUcontext retained = new CUcontext();
    check(JCudaDriver.cuDevicePrimaryCtxRetain(retained, found), "cuDevicePrimaryCtxRetain");
    device = found;
    context = retained;
    bindToThread();
  }

  @Override
  public void bindToThread() {
    check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  @Override
  public void synchronize() {
    check(JCudaDriver.cuCtxSynchronize(), "cuCtxSynchronize");
  }

  @Override
  public long freeBytes() {
    long[] free = {0};
    long[] total = {0};
    check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
    return free[0];
  }

  // ---- memory

  @Override
  public DeviceMemory allocate(long bytes) {
    Memory memory = new Memory(bytes);
    checkMemory(JCudaDriver.cuMemAlloc(memory, bytes), "cuMemAlloc", bytes);
    return memory;
  }

  @Override
  public PinnedMemory allocatePinned(long bytes) {
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          bytes + " bytes of pinned memory, at most " + Integer.MAX_VALUE);
    }
    Pointer host = new Pointer();
    checkMemory(JCudaDriver.cuMemHostAlloc(host, bytes, 0), "cuMemHostAlloc", bytes);
    // Memory that is not write-combined has one address for host and device.
    Memory address = new Memory(bytes);
    int code = JCudaDriver.cuMemHostGetDevicePointer(address, host, 0);
    if (code != SUCCESS) {
      JCudaDriver.cuMemFreeHost(host);
      throw failed(code, "cuMemHostGetDevicePointer");
    }
    return new Pinned(address.address(), host.getByteBuffer(0, bytes), host);
  }

  @Override
  public void free(DeviceMemory memory) {
    check(JCudaDriver.cuMemFree((Memory) memory), "cuMemFree");
  }

  @Override
  public void free(PinnedMemory memory) {
    Pointer host = ((Pinned) memory).host;
    if (host == null) {
      throw new IllegalArgumentException("a slice is not freed");
    }
    check(JCudaDriver.cuMemFreeHost(host), "cuMemFreeHost");
  }

  @Override
  public void copyToDevice(DeviceMemory to, PinnedMemory from, long bytes, CudaStream stream) {
    check(
        JCudaDriver.cuMemcpyHtoDAsync((Memory) to, (Pinned) from, bytes, (Stream) stream),
        "cuMemcpyHtoDAsync");
  }

  @Override
  public void copyToHost(PinnedMemory to, DeviceMemory from, long bytes, CudaStream stream) {
    check(
        JCudaDriver.cuMemcpyDtoHAsync((Pinned) to, (Memory) from, bytes, (Stream) stream),
        "cuMemcpyDtoHAsync");
  }

  @Override
  public void copyOnDevice(DeviceMemory to, DeviceMemory from, long bytes, CudaStream stream) {
    check(
        JCudaDriver.cuMemcpyDtoDAsync((Memory) to, (Memory) from, bytes, (Stream) stream),
        "cuMemcpyDtoDAsync");
  }

  @Override
  public void fill(DeviceMemory to, byte value, long bytes, CudaStream stream) {
    check(
        JCudaDriver.cuMemsetD8Async((Memory) to, value, bytes, (Stream) stream),
        "cuMemsetD8Async");
  }

  // ---- streams and events

  @Override
  public CudaStream stream() {
    Stream stream = new Stream();
    check(JCudaDriver.cuStreamCreate(stream, STREAM_NON_BLOCKING), "cuStreamCreate");
    return stream;
  }

  @Override
  public CudaEvent event() {
    Event event = new Event();
    check(
        JCudaDriver.cuEventCreate(event, EVENT_BLOCKING_SYNC_WITHOUT_TIMING), "cuEventCreate");
    return event;
  }

  @Override
  public void record(CudaEvent event, CudaStream stream) {
    check(JCudaDriver.cuEventRecord((Event) event, (Stream) stream), "cuEventRecord");
  }

  @Override
  public void await(CudaStream stream, CudaEvent event) {
    check(
        JCudaDriver.cuStreamWaitEvent((Stream) stream, (Event) event, 0), "cuStreamWaitEvent");
  }

  @Override
  public boolean isDone(CudaEvent event) {
    int code = JCudaDriver.cuEventQuery((Event) event);
    if (code == NOT_READY) {
      return false;
    }
    check(code, "cuEventQuery");
    return true;
  }

  @Override
  public void block(CudaEvent event) {
    check(JCudaDriver.cuEventSynchronize((Event) event), "cuEventSynchronize");
  }

  // ---- kernels and graphs

  @Override
  public CudaModule load(byte[] ptx) {
    Module module = new Module();
    // The driver reads up to a zero.
    byte[] text = Arrays.copyOf(ptx, ptx.length + 1);
    check(JCudaDriver.cuModuleLoadData(module, text), "cuModuleLoadData");
    return module;
  }

  @Override
  public CudaKernel kernel(CudaModule module, String name, int sharedBytes) {
    Function function = new Function(sharedBytes);
    check(
        JCudaDriver.cuModuleGetFunction(function, (Module) module, name), "cuModuleGetFunction");
    if (sharedBytes > 0) {
      check(
          JCudaDriver.cuFuncSetAttribute(function, FUNCTION_MAX_DYNAMIC_SHARED_BYTES, sharedBytes),
          "cuFuncSetAttribute");
    }
    return function;
  }

  @Override
  public void launch(
      CudaKernel kernel, int gridX, int gridY, int gridZ, int numThreads, CudaStream stream,
      PinnedMemory arguments) {
    Function function = (Function) kernel;
    check(
        JCudaDriver.cuLaunchKernel(
            function, gridX, gridY, gridZ, numThreads, 1, 1, function.sharedBytes, (Stream) stream,
            (Pinned) arguments, null),
        "cuLaunchKernel");
  }

  @Override
  public void beginCapture(CudaStream stream) {
    check(
        JCudaDriver.cuStreamBeginCapture((Stream) stream, CAPTURE_THREAD_LOCAL),
        "cuStreamBeginCapture");
  }

  @Override
  public CudaGraph endCapture(CudaStream stream) {
    CUgraph captured = new CUgraph();
    check(JCudaDriver.cuStreamEndCapture((Stream) stream, captured), "cuStreamEndCapture");
    Graph graph = new Graph();
    int code = JCudaDriver.cuGraphInstantiate(graph, captured, 0);
    int destroyed = JCudaDriver.cuGraphDestroy(captured);
    check(code, "cuGraphInstantiate");
    check(destroyed, "cuGraphDestroy");
    int uploaded = JCudaDriver.cuGraphUpload(graph, (Stream) stream);
    if (uploaded != SUCCESS) {
      JCudaDriver.cuGraphExecDestroy(graph); // Nobody else knows of it.
    }
    check(uploaded, "cuGraphUpload");
    return graph;
  }

  @Override
  public void launch(CudaGraph graph, CudaStream stream) {
    check(JCudaDriver.cuGraphLaunch((Graph) graph, (Stream) stream), "cuGraphLaunch");
  }

  // ---- the end

  @Override
  public void release(CudaHandle handle) {
    if (handle instanceof Stream stream) {
      check(JCudaDriver.cuStreamDestroy(stream), "cuStreamDestroy");
    } else if (handle instanceof Event event) {
      check(JCudaDriver.cuEventDestroy(event), "cuEventDestroy");
    } else if (handle instanceof Module module) {
      check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload");
    } else {
      check(JCudaDriver.cuGraphExecDestroy((Graph) handle), "cuGraphExecDestroy");
    }
  }

  @Override
  public void close() {
    CUdevice retained = device;
    device = null;
    context = null;
    if (retained != null) {
      check(JCudaDriver.cuDevicePrimaryCtxRelease(retained), "cuDevicePrimaryCtxRelease");
    }
  }

  // ---- codes

  private static void check(int code, String call) {
    if (code != SUCCESS) {
      throw failed(code, call);
    }
  }

  private static void checkMemory(int code, String call, long neededBytes) {
    if (code == OUT_OF_MEMORY) {
      throw outOfMemory(call, neededBytes);
    }
    check(code, call);
  }

  /** Any call may need memory of the driver's own, such as one that makes a graph. */
  private static CudaException failed(int code, String call) {
    return code == OUT_OF_MEMORY
        ? outOfMemory(call, OutOfDeviceMemoryException.UNKNOWN)
        : new CudaException(code, name(code), call);
  }

  private static CudaException outOfMemory(String call, long neededBytes) {
    long[] free = {0};
    long[] total = {0};
    boolean isKnown = JCudaDriver.cuMemGetInfo(free, total) == SUCCESS;
    long freeBytes = isKnown ? free[0] : OutOfDeviceMemoryException.UNKNOWN;
    return new OutOfDeviceMemoryException(
        OUT_OF_MEMORY, name(OUT_OF_MEMORY), call, neededBytes, freeBytes);
  }

  private static String name(int code) {
    String[] name = {null};
    JCudaDriver.cuGetErrorName(code, name);
    return name[0] == null ? "unknown error" : name[0];
  }

  private static void checkSlice(long from, long bytes, long wholeBytes) {
    if (from < 0 || bytes < 0 || from > wholeBytes - bytes) {
      throw new IllegalArgumentException(
          bytes + " bytes from " + from + " are not inside " + wholeBytes);
    }
  }

  // ---- JCuda's objects as ours. Their getters are protected, and one ignores the offset.

  private static final class Memory extends CUdeviceptr implements DeviceMemory {
    private final long bytes;

    Memory(long bytes) {
      this.bytes = bytes;
    }

    private Memory(Memory whole, long from, long bytes) {
      super(whole, from);
      this.bytes = bytes;
    }

    @Override
    public long address() {
      return getNativePointer() + getByteOffset();
    }

    @Override
    public long bytes() {
      return bytes;
    }

    @Override
    public DeviceMemory slice(long from, long partBytes) {
      checkSlice(from, partBytes, bytes);
      return new Memory(this, from, partBytes);
    }
  }

  /** A bare address: JCuda converts it faster than the pointer that it gave out. */
  private static final class Pinned extends Pointer implements PinnedMemory {
    private final ByteBuffer buffer;

    /** What JCuda gave out and wants back; null for a slice. */
    private final @Nullable Pointer host;

    Pinned(long address, ByteBuffer buffer, @Nullable Pointer host) {
      super(address);
      this.buffer = buffer.order(ByteOrder.nativeOrder());
      this.host = host;
    }

    @Override
    public long address() {
      return getNativePointer();
    }

    @Override
    public long bytes() {
      return buffer.capacity();
    }

    @Override
    public ByteBuffer buffer() {
      return buffer;
    }

    @Override
    public PinnedMemory slice(long from, long bytes) {
      checkSlice(from, bytes, bytes());
      ByteBuffer part = buffer.slice((int) from, (int) bytes);
      return new Pinned(address() + from, part, null);
    }
  }

  private static final class Stream extends CUstream implements CudaStream {
    @Override
    public long address() {
      return getNativePointer();
    }
  }

  private static final class Event extends CUevent implements CudaEvent {}

  private static final class Module extends CUmodule implements CudaModule {}

  private static final class Graph extends CUgraphExec implements CudaGraph {}

  private static final class Function extends CUfunction implements CudaKernel {
    private final int sharedBytes;

    Function(int sharedBytes) {
      this.sharedBytes = sharedBytes;
    }
  }
}
