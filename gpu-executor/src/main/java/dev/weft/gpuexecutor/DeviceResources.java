package dev.weft.gpuexecutor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one executor took from the driver, so that it can give all of it back, also when
 * it was made only by half. Used by one thread.
 */
final class DeviceResources implements AutoCloseable {
  /** Pinned memory is taken in whole pages anyway; small pieces share one. */
  private static final int SLAB_BYTES = 1 << 16;

  private final CudaDriver driver;
  private final List<DeviceMemory> deviceMemory = new ArrayList<>();
  private final List<PinnedMemory> pinnedMemory = new ArrayList<>();
  private final List<CudaHandle> handles = new ArrayList<>();
  private @Nullable GemmProvider provider;
  private @Nullable PinnedMemory slab;
  private int numSlabBytesUsed;

  DeviceResources(CudaDriver driver) {
    this.driver = driver;
  }

  CudaDriver driver() {
    return driver;
  }

  DeviceMemory allocate(long bytes) {
    DeviceMemory memory = driver.allocate(bytes);
    deviceMemory.add(memory);
    return memory;
  }

  /** Gives back what {@link #allocate} took, before everything else. */
  void free(DeviceMemory memory) {
    deviceMemory.remove(memory);
    driver.free(memory);
  }

  PinnedMemory allocatePinned(long bytes) {
    PinnedMemory memory = driver.allocatePinned(bytes);
    pinnedMemory.add(memory);
    return memory;
  }

  /** Gives back what {@link #allocatePinned} took, before everything else. */
  void free(PinnedMemory memory) {
    pinnedMemory.remove(memory);
    driver.free(memory);
  }

  /** Arguments of a kernel, in pinned memory that they share with others. */
  KernelArguments arguments(Kernel kernel) {
    PinnedMemory current = slab;
    if (current == null || numSlabBytesUsed + KernelArguments.BYTES > SLAB_BYTES) {
      current = allocatePinned(SLAB_BYTES);
      slab = current;
      numSlabBytesUsed = 0;
    }
    PinnedMemory piece = current.slice(numSlabBytesUsed, KernelArguments.BYTES);
    numSlabBytesUsed += KernelArguments.BYTES;
    return new KernelArguments(kernel, piece);
  }

  CudaStream stream() {
    return keep(driver.stream());
  }

  CudaEvent event() {
    return keep(driver.event());
  }

  /** Takes over a handle that somebody else got from the driver. */
  <T extends CudaHandle> T keep(T handle) {
    handles.add(handle);
    return handle;
  }

  /**
   * Opens a provider on a stream, with a workspace; it is closed before anything is given back,
   * when the device has nothing more to do.
   */
  void open(GemmProvider value, CudaStream stream) {
    long bytes = value.workspaceBytes();
    long workspace = bytes == 0 ? 0 : allocate(bytes).address();
    value.open(stream.address(), workspace);
    provider = value;
  }

  /**
   * Gives all of it back, the newest first. A driver that refuses is not asked why: it does so for
   * everything once its context is lost.
   */
  @Override
  public void close() {
    GemmProvider open = provider;
    if (open != null) {
      attempt(driver::synchronize);
      attempt(open::close);
      provider = null;
    }
    for (int i = handles.size() - 1; i >= 0; i--) {
      CudaHandle handle = handles.get(i);
      attempt(() -> driver.release(handle));
    }
    for (int i = deviceMemory.size() - 1; i >= 0; i--) {
      DeviceMemory memory = deviceMemory.get(i);
      attempt(() -> driver.free(memory));
    }
    for (int i = pinnedMemory.size() - 1; i >= 0; i--) {
      PinnedMemory memory = pinnedMemory.get(i);
      attempt(() -> driver.free(memory));
    }
    handles.clear();
    deviceMemory.clear();
    pinnedMemory.clear();
    attempt(driver::close);
  }

  private static void attempt(Runnable release) {
    try {
      release.run();
    } catch (RuntimeException e) {
      // The memory goes with the process.
    }
  }
}
