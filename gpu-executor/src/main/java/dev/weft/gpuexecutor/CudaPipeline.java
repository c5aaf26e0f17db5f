package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Everything of an executor that is on the device, and the way of a step through it:
 *
 * <pre>
 * compute  step block ► block copies ► forward pass ► close up ► computed
 * fetch                                                          computed ► result ► fetched
 * </pre>
 *
 * <p>Steps take effect one after another because the compute stream is first in, first out. One
 * thread enqueues; another may wait for results and read them, in the order of the steps.
 */
final class CudaPipeline implements AutoCloseable {
  /** The null block and one more. */
  private static final int MIN_NUM_BLOCKS = 2;

  private static final long REST_NANOS = 100_000;

  private final DeviceResources resources;
  private final CudaDriver driver;
  private final ExecutorSpec spec;
  private final CudaStream compute;
  private final CudaStream fetch;
  private final StepPacker packer;
  private final DeviceMemory stepBlock;
  private final ForwardPass forward;
  private final StepGraphs graphs;
  private final BlockMoves moves;
  private final StepStaging[] stagings;
  private final ResultLayout resultLayout;
  private final ResultReader reader;
  private final StepExtent extent = new StepExtent();
  private long numEnqueued;

  /** Of the thread that reads results. */
  private long numRead;

  /** Loads the model and takes all memory; gives everything back when something fails. */
  static CudaPipeline open(CudaExecutorBuilder builder) throws IOException {
    DeviceResources resources = new DeviceResources(JcudaDriver.open());
    try {
      return new CudaPipeline(builder, resources);
    } catch (IOException | RuntimeException | Error e) {
      resources.close();
      throw e;
    }
  }

  private CudaPipeline(CudaExecutorBuilder builder, DeviceResources resources)
      throws IOException {
    this.resources = resources;
    driver = resources.driver();
    CudaDevice device = device(builder.device());
    driver.retainPrimaryContext(device);
    LlamaConfig config = builder.model().config();

    // Limits that together ask for too much are refused before the model is loaded.
    ExecutorSpec limits = builder.spec(Math.max(MIN_NUM_BLOCKS, builder.numBlocks()));
    SlotLayout slots = new SlotLayout(limits);
    resultLayout = new ResultLayout(limits);
    AttentionWork attention =
        builder.isDeterministic()
            ? AttentionWork.deterministic(config, limits)
            : AttentionWork.balanced(config, limits, device.numMultiprocessors());
    int fixedBytes = StepPacker.maxBytes(limits, attention);
    DeviceRope.check(config, limits.maxModelLen());

    compute = resources.stream();
    fetch = resources.stream();
    KernelModule module = new KernelModule(resources);
    DeviceWeights weights =
        DeviceWeights.load(
            resources,
            module,
            compute,
            builder.model(),
            builder.formOfMatrices(),
            builder.progress());

    // What does not depend on the number of blocks comes first, so that they can have the rest.
    MatrixLibrary library = library(builder, limits.maxNumBatchedTokens());
    DeviceBuffers buffers = buffers(config, limits, slots, attention);
    KvLayout kvLayout = KvLayout.of(config, limits.blockSize());
    spec = builder.spec(numBlocks(builder, kvLayout, fixedBytes));

    packer = new StepPacker(spec, slots, resultLayout, attention);
    stepBlock = cleared(packer.maxBytes());
    DeviceMemory kv = cleared(kvLayout.blockBytes() * spec.numBlocks());
    stagings = stagings(buffers.results());
    reader = new ResultReader(resultLayout);
    LaunchContext context =
        new LaunchContext(
            resources,
            module,
            config,
            kvLayout,
            buffers,
            stepBlock,
            device.numMultiprocessors(),
            builder.isDeterministic(),
            library);
    moves = new BlockMoves(context, kv);
    forward = new ForwardPass(context, weights, kv);
    int maxTokens = spec.maxNumBatchedTokens();
    graphs =
        new StepGraphs(resources, compute, forward, maxTokens, !builder.isDeterministic());
    driver.synchronize();
  }

  private CudaDevice device(int ordinal) {
    int numDevices = driver.deviceCount();
    if (ordinal >= numDevices) {
      throw new IllegalArgumentException(
          "device is " + ordinal + ", must be 0 to " + (numDevices - 1));
    }
    CudaDevice device = driver.device(ordinal);
    if (!CudaAvailability.isNewEnough(device)) {
      throw new IllegalStateException(CudaAvailability.tooOld(device));
    }
    return device;
  }

  private @Nullable MatrixLibrary library(CudaExecutorBuilder builder, int maxTokens) {
    GemmProvider provider = builder.gemmProvider();
    if (provider == null) {
      return null;
    }
    PaddedShape shape = PaddedShape.of(builder.model().config());
    return MatrixLibrary.open(resources, compute, provider, shape, maxTokens);
  }

  private DeviceBuffers buffers(
      LlamaConfig config, ExecutorSpec limits, SlotLayout slots, AttentionWork attention) {
    int numPositions = limits.maxModelLen();
    DeviceBuffers.Sizes sizes =
        new DeviceBuffers.Sizes(
            slots.bytes(),
            partialBytes(config, attention.maxNumParts()),
            DeviceRope.bytes(config, numPositions),
            numStagings(limits) * resultLayout.bytes());
    DeviceBuffers buffers = DeviceBuffers.allocate(resources, compute, config, limits, sizes);
    DeviceRope.upload(resources, compute, config, numPositions, buffers.rope());
    return buffers;
  }

  /** For each entry and head the sum, the maximum and the normaliser; never nothing at all. */
  private static long partialBytes(LlamaConfig config, int numParts) {
    return (long) Float.BYTES * Math.max(1, numParts) * config.numHeads() * (config.headDim() + 2);
  }

  /** One more than steps in flight, so that a step is packed while all of those are under way. */
  private static int numStagings(ExecutorSpec limits) {
    return limits.maxInFlight() + 1;
  }

  private int numBlocks(CudaExecutorBuilder builder, KvLayout kvLayout, int stepBlockBytes) {
    if (builder.numBlocks() > 0) {
      return builder.numBlocks();
    }
    long freeBytes = driver.freeBytes();
    long usable = (long) (freeBytes * builder.memoryFraction()) - stepBlockBytes;
    int bytesOfCopy = Integer.BYTES * StepBlock.COPY_INTS;
    long bytesOfBlock = kvLayout.blockBytes() + bytesOfCopy;
    if (usable < MIN_NUM_BLOCKS * bytesOfBlock) {
      throw OutOfDeviceMemoryException.forBlocks(
          MIN_NUM_BLOCKS * bytesOfBlock + stepBlockBytes, freeBytes);
    }
    int maxBlocksOfStep = MIN_NUM_BLOCKS + (Integer.MAX_VALUE - stepBlockBytes) / bytesOfCopy;
    int maxBlocks = Math.min(maxBlocksOfStep, ExecutorSpec.MAX_NUM_BLOCKS);
    return (int) Math.min(usable / bytesOfBlock, maxBlocks);
  }

  private DeviceMemory cleared(long bytes) {
    DeviceMemory memory = resources.allocate(bytes);
    driver.fill(memory, (byte) 0, bytes, compute);
    return memory;
  }

  private StepStaging[] stagings(DeviceMemory results) {
    StepStaging[] all = new StepStaging[numStagings(spec)];
    for (int i = 0; i < all.length; i++) {
      DeviceMemory area = results.slice(i * resultLayout.bytes(), resultLayout.bytes());
      all[i] = new StepStaging(resources, packer.maxBytes(), resultLayout, area);
    }
    return all;
  }

  /** What this executor is and can do. */
  ExecutorSpec spec() {
    return spec;
  }

  /** Makes the device the one of the calling thread. */
  void bindToThread() {
    driver.bindToThread();
  }

  /**
   * Gives a step to the device and returns at once.
   *
   * @throws CudaException when the driver heard of an error, of this step or of an earlier one
   */
  void enqueue(StepPlan plan) {
    int index = (int) (numEnqueued % stagings.length);
    StepStaging staging = stagings[index];
    if (!driver.isDone(staging.fetched())) {
      throw new IllegalStateException(
          "step " + plan.stepId() + ": the step " + stagings.length + " before it is not done");
    }
    int bytes = packer.pack(plan, staging.block(), index);
    staging.send(driver, stepBlock, bytes, compute);
    if (packer.numCopies() > 0) {
      moves.launchCopies(compute);
    }
    boolean fitsGraph = packer.numTokens() > 0 && packer.numPrefillItems() == 0;
    if (!fitsGraph || !graphs.launch(compute, packer.numTokens())) {
      extent.fit(packer);
      forward.launch(compute, extent);
    }
    if (packer.hasTrees()) {
      moves.launchCloseUp(compute, packer.numRows());
    }
    driver.record(staging.computed(), compute);
    driver.await(fetch, staging.computed());
    long logprobBytes =
        packer.wantsLogprobs() ? resultLayout.logprobBytes(packer.numLogits()) : 0;
    staging.fetch(driver, resultLayout.rowBytes(packer.numRows()), logprobBytes, fetch);
    driver.record(staging.fetched(), fetch);
    numEnqueued++;
  }

  /** Waits for the oldest step that was not read, and reads its result. */
  void read(StepPlan plan, StepResult result) {
    StepStaging staging = stagings[(int) (numRead % stagings.length)];
    driver.block(staging.fetched());
    reader.read(staging.result(), plan.stepId(), plan.numRows(), result);
    numRead++;
  }

  /**
   * Waits for the steps under way.
   *
   * @param deadline a time of {@link System#nanoTime}
   * @return false when they are not done by then; true also when the device is lost
   */
  boolean comesToRest(long deadline) throws InterruptedException {
    try {
      driver.bindToThread();
      while (!isIdle()) {
        if (System.nanoTime() - deadline > 0) {
          return false;
        }
        LockSupport.parkNanos(this, REST_NANOS);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } catch (CudaException e) {
      return true;
    }
    return true;
  }

  /** Whether the step given to the device last is done, and so all before it. */
  private boolean isIdle() {
    int last = (int) ((numEnqueued + stagings.length - 1) % stagings.length);
    return driver.isDone(stagings[last].fetched());
  }

  /** Gives everything back, after the steps under way. */
  @Override
  public void close() {
    try {
      driver.bindToThread();
      driver.synchronize();
    } catch (CudaException e) {
      // Then giving back fails as well, and is attempted all the same.
    }
    resources.close();
  }
}
