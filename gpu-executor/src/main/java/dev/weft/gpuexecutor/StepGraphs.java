package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * Captured forward passes for small steps, one for each bucket of tokens: launching a graph costs
 * the host as much as launching one kernel, and the device less between two of them. All counts are
 * read on the device, so a graph serves every step that has no more tokens than its bucket,
 * whatever its rows are: decodes, drafts, ends of prompts. Only a {@link GemmProvider} multiplies
 * as many rows as the bucket has room for, which the buffers have too.
 */
final class StepGraphs {
  private static final int[] BUCKETS = {1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256};

  private final CudaDriver driver;
  private final int[] buckets;
  private final CudaGraph[] graphs;

  /**
   * Captures all graphs, and runs each once so that the driver has done all it does at first use.
   *
   * @param maxTokens most tokens of a step; larger buckets are left out
   * @param mayMerge whether attention may be split
   */
  StepGraphs(
      DeviceResources resources,
      CudaStream stream,
      ForwardPass forward,
      int maxTokens,
      boolean mayMerge) {
    driver = resources.driver();
    buckets = Arrays.stream(BUCKETS).filter(bucket -> bucket <= maxTokens).toArray();
    graphs = new CudaGraph[buckets.length];
    StepExtent extent = new StepExtent();
    for (int i = 0; i < graphs.length; i++) {
      extent.fitBucket(buckets[i], mayMerge);
      if (forward.usesLibrary(extent)) {
        // It may load its kernels when they are first used, which a capture may forbid.
        forward.launch(stream, extent);
      }
      graphs[i] = resources.keep(capture(stream, forward, extent));
      driver.launch(graphs[i], stream);
    }
  }

  private CudaGraph capture(CudaStream stream, ForwardPass forward, StepExtent extent) {
    driver.beginCapture(stream);
    try {
      forward.launch(stream, extent);
    } catch (RuntimeException | Error e) {
      abandonCapture(stream);
      throw e;
    }
    return driver.endCapture(stream);
  }

  /** Until a capture ends, nothing can be given back. */
  private void abandonCapture(CudaStream stream) {
    try {
      driver.release(driver.endCapture(stream));
    } catch (CudaException e) {
      // The driver has ended it already.
    }
  }

  /** Launches the smallest graph for so many tokens; false when there is none. */
  boolean launch(CudaStream stream, int numTokens) {
    for (int i = 0; i < buckets.length; i++) {
      if (numTokens <= buckets[i]) {
        driver.launch(graphs[i], stream);
        return true;
      }
    }
    return false;
  }
}
