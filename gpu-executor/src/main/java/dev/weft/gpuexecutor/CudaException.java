package dev.weft.gpuexecutor;

import java.io.Serial;

/**
 * Says that a call of the CUDA driver did not succeed. Work on a device runs later than the call
 * that starts it, so the call named here may be the one that heard of an error, not the one that
 * made it.
 */
public class CudaException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final int code;
  private final String errorName;
  private final String call;

  /**
   * @param code the driver's code, never 0
   * @param errorName the driver's name of the code, such as {@code CUDA_ERROR_ILLEGAL_ADDRESS}
   * @param call the function of the driver that returned it, such as {@code cuLaunchKernel}
   */
  CudaException(int code, String errorName, String call) {
    this(code, errorName, call, call + ": " + errorName + " (" + code + ")");
  }

  CudaException(int code, String errorName, String call, String message) {
    super(message);
    this.code = code;
    this.errorName = errorName;
    this.call = call;
  }

  /** The driver's code, such as 700. */
  public final int code() {
    return code;
  }

  /** The driver's name of the code, such as {@code CUDA_ERROR_ILLEGAL_ADDRESS}. */
  public final String errorName() {
    return errorName;
  }

  /** The function of the driver that returned the code, such as {@code cuLaunchKernel}. */
  public final String call() {
    return call;
  }
}
