package dev.weft.gpuexecutor;

import java.io.Serial;

/**
 * Says that memory of the device, or pinned memory of the host, was refused. Only making an
 * executor takes memory. Should the driver itself want some during a step, that kills the executor,
 * as every error of a step does.
 */
public final class OutOfDeviceMemoryException extends CudaException {
  @Serial private static final long serialVersionUID = 1L;
  private static final int OUT_OF_MEMORY = 2;

  /** So many bytes as nobody told. */
  static final long UNKNOWN = -1;

  private final long neededBytes;
  private final long freeBytes;

  OutOfDeviceMemoryException(
      int code, String errorName, String call, long neededBytes, long freeBytes) {
    super(code, errorName, call, call + ": " + errorName + " (" + code + "): needs "
        + text(neededBytes) + " bytes, the device has " + text(freeBytes) + " free");
    this.neededBytes = neededBytes;
    this.freeBytes = freeBytes;
  }

  private static String text(long bytes) {
    return bytes == UNKNOWN ? "an unknown number of" : String.valueOf(bytes);
  }

  /** Says that no KV block finds room beside the model. */
  static OutOfDeviceMemoryException forBlocks(long neededBytes, long freeBytes) {
    return new OutOfDeviceMemoryException(
        OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "KV blocks", neededBytes, freeBytes);
  }

  /** The bytes that the refused allocation asked for; -1 when the driver wanted them for itself. */
  public long neededBytes() {
    return neededBytes;
  }

  /** The bytes of the device that were free; -1 when the driver could not tell. */
  public long freeBytes() {
    return freeBytes;
  }
}
