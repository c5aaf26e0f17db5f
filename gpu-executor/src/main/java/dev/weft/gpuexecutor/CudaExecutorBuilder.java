package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Verification;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Collects the limits of a {@link CudaExecutor}. */
public final class CudaExecutorBuilder {
  /** Ancestors of a draft are bits of one 64-bit mask. */
  static final int MAX_NUM_DRAFT_TOKENS = 64;

  private static final int MAX_NUM_ROWS = 1 << 16;
  private static final int MAX_BLOCK_SIZE = 256;

  /** The output matrix has a block of threads for every 16 tokens along one side of a grid. */
  private static final int MAX_VOCABULARY_SIZE = 1 << 19;

  private static final double MAX_MEMORY_FRACTION = 0.98;
  private static final Duration MAX_STEP_TIMEOUT = Duration.ofDays(365);
  private static final int DEFAULT_MAX_MODEL_LEN = 8192;

  private final CudaModel model;
  private int device;
  private int maxModelLen;
  private int blockSize = 16;
  private int numBlocks;
  private double memoryFraction = 0.92;
  private int numSlots;
  private int maxNumRows = 256;
  private int maxNumBatchedTokens = 2048;
  private int maxNumDraftTokens = 8;
  private int maxInFlight = 2;
  private boolean deterministic;
  private @Nullable GemmProvider gemmProvider;
  private Duration stepTimeout = Duration.ofSeconds(30);
  private LoadProgress progress = (numBytesLoaded, numBytes) -> {};
  private ThreadFactory threadFactory = CudaExecutorBuilder::daemonThread;
  private LongSupplier clock = System::nanoTime;

  CudaExecutorBuilder(CudaModel model) {
    this.model = Objects.requireNonNull(model, "model");
    maxModelLen = Math.min(DEFAULT_MAX_MODEL_LEN, model.maxPositions());
  }

  private static Thread daemonThread(Runnable task) {
    Thread thread = new Thread(task, "weft-cuda-completion");
    thread.setDaemon(true);
    return thread;
  }

  /** Number of the GPU, as the driver counts them; default 0. */
  public CudaExecutorBuilder device(int value) {
    device = value;
    return this;
  }

  /**
   * Longest sequence in tokens, at most what the model was made for; default 8,192 or that, what is
   * less. Slots take memory for it, on the device and pinned.
   */
  public CudaExecutorBuilder maxModelLen(int value) {
    maxModelLen = value;
    return this;
  }

  /** Positions of one KV block, a power of two from 4 to 256; default 16. */
  public CudaExecutorBuilder blockSize(int value) {
    blockSize = value;
    return this;
  }

  /** KV blocks, the null block included; default as many as {@link #memoryFraction} gives. */
  public CudaExecutorBuilder numBlocks(int value) {
    if (value < 2 || value > ExecutorSpec.MAX_NUM_BLOCKS) {
      throw outOfRange("numBlocks", value, 2, ExecutorSpec.MAX_NUM_BLOCKS);
    }
    numBlocks = value;
    return this;
  }

  /**
   * Share of the device memory still free after everything else was taken that KV blocks get when
   * their number is not set; above 0, up to 0.98, because captured graphs need a little afterwards;
   * default 0.92.
   */
  public CudaExecutorBuilder memoryFraction(double value) {
    if (!(value > 0 && value <= MAX_MEMORY_FRACTION)) {
      throw new IllegalArgumentException(
          "memoryFraction is " + value + ", must be above 0, up to " + MAX_MEMORY_FRACTION);
    }
    memoryFraction = value;
    return this;
  }

  /** Sequences that can be attached, at least the rows of a step; default twice as many. */
  public CudaExecutorBuilder numSlots(int value) {
    numSlots = value;
    return this;
  }

  /** Rows of one step; default 256. */
  public CudaExecutorBuilder maxNumRows(int value) {
    maxNumRows = value;
    return this;
  }

  /** Tokens of one step; default 2,048. */
  public CudaExecutorBuilder maxNumBatchedTokens(int value) {
    maxNumBatchedTokens = value;
    return this;
  }

  /** Drafts of one row, 0 to 64; default 8. */
  public CudaExecutorBuilder maxNumDraftTokens(int value) {
    maxNumDraftTokens = value;
    return this;
  }

  /** Steps that may be submitted and not yet polled; default 2. */
  public CudaExecutorBuilder maxInFlight(int value) {
    maxInFlight = value;
    return this;
  }

  /**
   * Makes the bits of a token's logits independent of how its request was batched, chunked, placed
   * and drafted, by using one order of additions for every shape of step. Expected to be slower for
   * long prompts, and for few long sequences; and no trees of drafts, whose keys lie in another
   * order than those of plain decoding. {@link ExecutorSpec#isDeterministic} tells what was built.
   * Default false: then the same sequence of steps repeats to the bit, but another batch may round
   * differently.
   */
  public CudaExecutorBuilder deterministic(boolean value) {
    deterministic = value;
    return this;
  }

  /**
   * Leaves the products of the layers to a library in steps that have as many tokens as it wants
   * ({@link GemmProvider#minRows}); the executor opens and closes it. Logits are always made by
   * the own kernels, because they are floats and the library makes BF16. Default none: the own
   * kernels do everything.
   *
   * <p>It costs memory: a second copy of the matrices of all layers, because the own kernels, which
   * do the other steps, want them in another order (2 bytes per parameter, nearly the whole model
   * again); the library's workspace; and 4 bytes for each token of a step and unit of {@code
   * intermediateSize}. All of it is taken before KV blocks get the rest.
   *
   * <p>The widths of the model must be multiples of 64, and the executor not {@link
   * #deterministic}, because the library adds in an order of its own.
   */
  public CudaExecutorBuilder gemmProvider(GemmProvider value) {
    gemmProvider = Objects.requireNonNull(value, "gemmProvider");
    return this;
  }

  /**
   * A step that takes longer than this since it was submitted kills the executor, because a kernel
   * cannot be cancelled; above 0; default 30 seconds.
   */
  public CudaExecutorBuilder stepTimeout(Duration value) {
    if (value.isNegative() || value.isZero() || value.compareTo(MAX_STEP_TIMEOUT) > 0) {
      throw new IllegalArgumentException(
          "stepTimeout is " + value + ", must be above 0, up to " + MAX_STEP_TIMEOUT);
    }
    stepTimeout = value;
    return this;
  }

  /** Hears how far the loading of the weights has come; default nobody. */
  public CudaExecutorBuilder progress(LoadProgress value) {
    progress = Objects.requireNonNull(value, "progress");
    return this;
  }

  /** Makes the one thread that waits for the device; default a daemon thread. It ends in close. */
  public CudaExecutorBuilder threadFactory(ThreadFactory value) {
    threadFactory = Objects.requireNonNull(value, "threadFactory");
    return this;
  }

  /** What the age of steps is measured by, in nanoseconds. */
  CudaExecutorBuilder clock(LongSupplier value) {
    clock = value;
    return this;
  }

  /**
   * Loads the model and takes all memory, on the device and pinned.
   *
   * @throws IllegalArgumentException naming the first value out of range, before the device was
   *     touched; or saying that limits together ask for steps, or a table of rotations, of more
   *     than 2 GiB, before the model is loaded
   * @throws IllegalStateException when CUDA cannot be used, with {@link
   *     CudaExecutor#unavailableReason}, or the provider cannot
   * @throws OutOfDeviceMemoryException when something does not fit; everything was given back
   * @throws CudaException when the driver refuses; everything was given back
   * @throws IOException when the weights cannot be read
   */
  public CudaExecutor build() throws IOException {
    checkRanges();
    spec(numBlocks == 0 ? 2 : numBlocks);
    Optional<String> reason = CudaExecutor.unavailableReason();
    if (reason.isPresent()) {
      throw new IllegalStateException("CUDA is not available: " + reason.get());
    }
    if (gemmProvider != null && gemmProvider.unavailableReason().isPresent()) {
      throw new IllegalStateException(
          gemmProvider.name() + ": " + gemmProvider.unavailableReason().get());
    }
    return CudaExecutor.open(this);
  }

  private void checkRanges() {
    LlamaConfig config = model.config();
    requireRange("device", device, 0, 1 << 10);
    requireRange("maxModelLen", maxModelLen, 2, model.maxPositions());
    requireRange("maxNumRows", maxNumRows, 1, MAX_NUM_ROWS);
    requireRange("maxNumDraftTokens", maxNumDraftTokens, 0, MAX_NUM_DRAFT_TOKENS);
    requireRange("blockSize", blockSize, 4, MAX_BLOCK_SIZE);
    if (Integer.bitCount(blockSize) != 1) {
      throw new IllegalArgumentException("blockSize is " + blockSize + ", must be a power of two");
    }
    requireRange("vocabularySize of the model", config.vocabularySize(), 1, MAX_VOCABULARY_SIZE);
    int headDim = config.headDim();
    if (headDim != 32 && headDim != 64 && headDim != 128) {
      throw new IllegalArgumentException(
          "headDim of the model is " + headDim + ", must be 32, 64 or 128");
    }
    requireRange("query heads per KV head of the model", config.groupSize(), 1, 16);
    if (gemmProvider != null) {
      checkFits(gemmProvider, config);
    }
  }

  private void checkFits(GemmProvider provider, LlamaConfig config) {
    if (deterministic) {
      throw new IllegalArgumentException(
          "a deterministic executor adds in one order, " + provider.name() + " in its own");
    }
    requireUnits("hiddenSize", config.hiddenSize());
    requireUnits("width of the query heads", config.queryWidth());
    requireUnits("width of all heads", config.queryWidth() + 2 * config.kvWidth());
    requireUnits("intermediateSize", config.intermediateSize());
  }

  private static void requireUnits(String name, int width) {
    if (width % PaddedShape.UNIT != 0) {
      throw new IllegalArgumentException(
          name + " of the model is " + width + ", must be a multiple of " + PaddedShape.UNIT
              + " for a GemmProvider");
    }
  }

  /** The spec of the executor with so many blocks; checks the ranges of the rest. */
  ExecutorSpec spec(int numBlocks) {
    return ExecutorSpec.builder()
        .supportsAdapters(false)
        .vocabularySize(model.vocabularySize())
        .maxModelLen(maxModelLen)
        .blockSize(blockSize)
        .numBlocks(numBlocks)
        .numSlots(numSlots == 0 ? 2 * maxNumRows : numSlots)
        .maxNumRows(maxNumRows)
        .maxNumBatchedTokens(maxNumBatchedTokens)
        .maxNumDraftTokens(maxNumDraftTokens)
        .verifiesTrees(maxNumDraftTokens > 0 && !deterministic)
        .verifications(Set.of(Verification.COUPLED))
        .isDeterministic(deterministic)
        .maxInFlight(maxInFlight)
        .build();
  }

  private static void requireRange(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw outOfRange(name, value, min, max);
    }
  }

  private static IllegalArgumentException outOfRange(String name, int value, int min, int max) {
    return new IllegalArgumentException(
        name + " is " + value + ", must be " + min + " to " + max);
  }

  CudaModel model() {
    return model;
  }

  int device() {
    return device;
  }

  /** 0 when the free memory decides. */
  int numBlocks() {
    return numBlocks;
  }

  double memoryFraction() {
    return memoryFraction;
  }

  boolean isDeterministic() {
    return deterministic;
  }

  @Nullable GemmProvider gemmProvider() {
    return gemmProvider;
  }

  /** How the matrices of the layers are to lie on the device. */
  DeviceMatrix.Form formOfMatrices() {
    return gemmProvider == null
        ? DeviceMatrix.Form.PACKED
        : DeviceMatrix.Form.PACKED_AND_ROW_MAJOR;
  }

  Duration stepTimeout() {
    return stepTimeout;
  }

  LoadProgress progress() {
    return progress;
  }

  ThreadFactory threadFactory() {
    return threadFactory;
  }

  LongSupplier clock() {
    return clock;
  }
}
