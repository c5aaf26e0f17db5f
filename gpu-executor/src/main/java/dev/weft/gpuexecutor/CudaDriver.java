package dev.weft.gpuexecutor;

/**
 * What the executor needs of the CUDA driver: the seam behind which the binding can be exchanged.
 * Each method throws {@link CudaException} on any code but success unless it says otherwise, and
 * any method may be the one that hears of an error of earlier work.
 *
 * <p>The methods that a step uses (copies, {@code fill}, {@code record}, {@code await}, {@code
 * isDone}, {@code block}, {@code launch}) make no Java object when they succeed. Memory and handles
 * belong to whoever asked for them.
 */
interface CudaDriver extends AutoCloseable {
  // ---- device and context

  int deviceCount();

  CudaDevice device(int ordinal);

  /** Makes the device's primary context the one of this driver and of the calling thread. */
  void retainPrimaryContext(CudaDevice device);

  /** Makes the context the one of the calling thread; once for every thread that calls. */
  void bindToThread();

  /** Blocks until all work of the context is done. */
  void synchronize();

  /** The bytes of the device that nobody uses. */
  long freeBytes();

  // ---- memory

  /** @throws OutOfDeviceMemoryException when there is not as much */
  DeviceMemory allocate(long bytes);

  /**
   * @param bytes below 2 GiB, which is what one buffer can show
   * @throws OutOfDeviceMemoryException when there is not as much
   */
  PinnedMemory allocatePinned(long bytes);

  /** Waits for the device, then frees what {@link #allocate} returned. */
  void free(DeviceMemory memory);

  /** Frees what {@link #allocatePinned} returned. */
  void free(PinnedMemory memory);

  /** Queues a copy of the first bytes; {@code from} is read when the copy runs. */
  void copyToDevice(DeviceMemory to, PinnedMemory from, long bytes, CudaStream stream);

  /** Queues a copy of the first bytes; {@code to} is written when the copy runs. */
  void copyToHost(PinnedMemory to, DeviceMemory from, long bytes, CudaStream stream);

  /** Queues a copy of the first bytes. */
  void copyOnDevice(DeviceMemory to, DeviceMemory from, long bytes, CudaStream stream);

  /** Queues the setting of the first bytes. */
  void fill(DeviceMemory to, byte value, long bytes, CudaStream stream);

  // ---- streams and events

  CudaStream stream();

  /** An event that is waited for without spinning and takes no time. */
  CudaEvent event();

  /** The event stands for what the stream was given so far, and no longer for what it did. */
  void record(CudaEvent event, CudaStream stream);

  /** What the stream is given from now on waits for what the event stands for now. */
  void await(CudaStream stream, CudaEvent event);

  boolean isDone(CudaEvent event);

  /** Blocks the calling thread until the event is done. */
  void block(CudaEvent event);

  // ---- kernels and graphs

  /** Compiles a module; takes a second when the driver has not done so before. */
  CudaModule load(byte[] ptx);

  /** @param sharedBytes dynamic shared memory of each block, 0 or more */
  CudaKernel kernel(CudaModule module, String name, int sharedBytes);

  /**
   * Queues a kernel. The values of the arguments are read before this returns.
   *
   * @param arguments begins with an array of pointers to the values, as {@link KernelArguments}
   *     lays them out
   */
  void launch(
      CudaKernel kernel, int gridX, int gridY, int gridZ, int numThreads, CudaStream stream,
      PinnedMemory arguments);

  /** From now on this thread's work for the stream is noted down instead of done. */
  void beginCapture(CudaStream stream);

  /** Ends the capture and makes what was noted ready to launch. */
  CudaGraph endCapture(CudaStream stream);

  void launch(CudaGraph graph, CudaStream stream);

  // ---- the end

  /** Gives back a stream, event, module or graph. */
  void release(CudaHandle handle);

  /** Gives the context back, and with it all that was not released. */
  @Override
  void close();
}
