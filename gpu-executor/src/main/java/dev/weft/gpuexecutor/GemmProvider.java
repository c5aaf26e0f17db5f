package dev.weft.gpuexecutor;

import java.util.Optional;

/**
 * Another way to multiply on a CUDA device than the executor's own kernels: a library such as
 * cuBLAS. It is used, where it is asked for, for steps of many rows; the own kernels do the rest
 * and need nothing but the driver.
 *
 * <p>Found by {@link java.util.ServiceLoader}, or built in. Addresses, the stream included, are
 * plain numbers of the device's driver, so an implementation needs no binding of ours. All matrices
 * are bf16, row after row without gaps, and lie in device memory; {@code Y = X W^T} with {@code
 * X[rows][inputs]}, {@code W[outputs][inputs]} and {@code Y[rows][outputs]}, summed in fp32. Widths
 * are multiples of 64.
 *
 * <p>One thread calls it at a time, and has the device's context current. What is queued is done in
 * the order of the stream; nothing waits for the device but {@link #open} and {@link #close}. An
 * exception of {@link #multiply} ends the executor.
 */
public interface GemmProvider extends AutoCloseable {
  /** How it wants weights to lie. */
  enum Layout {
    /** As the executor's own kernels do. */
    PACKED,
    /** Row after row. */
    ROW_MAJOR
  }

  /** What it is, for people to read, such as {@code cuBLAS 13.1.0}. */
  String name();

  /**
   * Why it cannot work in this process, for people to read; empty when it can. It may load
   * libraries, but neither asks for a device nor throws.
   */
  Optional<String> unavailableReason();

  Layout layout();

  /** It is used from so many rows on. */
  int minRows();

  /** Device memory that it wants for itself while it is open; 0 when none. */
  long workspaceBytes();

  /**
   * Begins. Everything that it needs is taken here: {@link #multiply} allocates nothing, so that it
   * can be captured into a graph.
   *
   * @param stream    the driver's number of the stream that all work goes to
   * @param workspace address of {@link #workspaceBytes} bytes of device memory, aligned to 256;
   *                  they are its own until it is closed
   */
  void open(long stream, long workspace);

  /** Queues {@code Y = X W^T}. The arguments are addresses of the device. */
  void multiply(long y, long x, long w, int rows, int outputs, int inputs);

  /** Queues {@code Y = Y + X W^T}, rounded once. */
  void multiplyAdd(long y, long x, long w, int rows, int outputs, int inputs);

  /** Ends; what is queued was done before. Idempotent, also when it was never open. */
  @Override
  void close();
}
