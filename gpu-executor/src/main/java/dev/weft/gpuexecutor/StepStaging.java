package dev.weft.gpuexecutor;

import java.nio.IntBuffer;

/**
 * The host's side of one step in flight: the pinned memory that its step block is copied from and
 * its result copied to, and the events that say how far it is. Used again for a later step when its
 * result was read.
 */
final class StepStaging {
  private final PinnedMemory block;
  private final IntBuffer blockInts;
  private final IntBuffer resultInts;
  private final PinnedMemory resultRows;
  private final PinnedMemory resultLogprobs;
  private final DeviceMemory deviceRows;
  private final DeviceMemory deviceLogprobs;
  private final CudaEvent computed;
  private final CudaEvent fetched;

  /**
   * @param blockBytes most bytes of a step block
   * @param deviceResult the result area of this staging on the device
   */
  StepStaging(
      DeviceResources resources, long blockBytes, ResultLayout layout, DeviceMemory deviceResult) {
    block = resources.allocatePinned(blockBytes);
    blockInts = block.buffer().asIntBuffer();
    PinnedMemory result = resources.allocatePinned(layout.bytes());
    resultInts = result.buffer().asIntBuffer();
    long logprobBytes = layout.bytes() - layout.logprobOffset();
    resultRows = result.slice(0, layout.logprobOffset());
    resultLogprobs = result.slice(layout.logprobOffset(), logprobBytes);
    deviceRows = deviceResult.slice(0, layout.logprobOffset());
    deviceLogprobs = deviceResult.slice(layout.logprobOffset(), logprobBytes);
    computed = resources.event();
    fetched = resources.event();
  }

  /** Where the host writes the step block. */
  IntBuffer block() {
    return blockInts;
  }

  /** The result, valid when {@link #fetched} is done. */
  IntBuffer result() {
    return resultInts;
  }

  /** Done when the kernels of the step are. */
  CudaEvent computed() {
    return computed;
  }

  /** Done when the result is with the host. */
  CudaEvent fetched() {
    return fetched;
  }

  /** Queues the copy of the step block. */
  void send(CudaDriver driver, DeviceMemory target, long bytes, CudaStream stream) {
    driver.copyToDevice(target, block, bytes, stream);
  }

  /** Queues the copy of the result. */
  void fetch(CudaDriver driver, long rowBytes, long logprobBytes, CudaStream stream) {
    driver.copyToHost(resultRows, deviceRows, rowBytes, stream);
    if (logprobBytes > 0) {
      driver.copyToHost(resultLogprobs, deviceLogprobs, logprobBytes, stream);
    }
  }
}
