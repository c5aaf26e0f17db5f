package dev.weft.gpuexecutor;

import java.util.Optional;

/**
 * Another way to multiply on a CUDA device than the executor's own kernels: a library such as
 * cuBLAS. It is used, where it is asked for ({@link CudaExecutorBuilder#gemmProvider}), for the
 * matrices of the layers in steps of many tokens; the own kernels do the rest and need nothing but
 * the driver.
 *
 * <p>Found by {@link #find}, or made by the application. Addresses, the stream included, are plain
 * numbers of the device's driver, so an implementation needs no binding of ours. All matrices are
 * bf16, row after row without gaps, and lie in device memory; {@code Y = X W^T} with {@code
 * X[rows][inputs]}, {@code W[outputs][inputs]} and {@code Y[rows][outputs]}, summed in fp32. Widths
 * are multiples of 64. The order in which the own kernels want weights is not offered: it belongs
 * to them, and no library reads it.
 *
 * <p>One thread calls it at a time, and has the device's context current. What is queued is done in
 * the order of the stream; nothing waits for the device but {@link #open} and {@link #close}. An
 * exception of {@link #multiply} ends the executor. It belongs to one executor at a time, which
 * opens and closes it; only one whose device hangs leaves it open.
 */
public interface GemmProvider extends AutoCloseable {
  /**
   * The first that works in this process: those that the application brings for {@link
   * java.util.ServiceLoader} and that the thread's context class loader sees, then cuBLAS, where
   * Java is 22 or newer and there is a {@code libcublas} of CUDA 12 to 14.
   *
   * @throws UnsupportedOperationException when none works; its message says why, for each
   */
  static GemmProvider find() {
    return GemmProviders.find(Thread.currentThread().getContextClassLoader());
  }

  /** What it is, for people to read, such as {@code cuBLAS 13.1.0}. */
  String name();

  /**
   * Why it cannot work in this process, for people to read; empty when it can. It may load
   * libraries, but neither asks for a device nor throws.
   */
  Optional<String> unavailableReason();

  /** It is used for steps of so many tokens and more; a token is a row of X and Y here. */
  int minRows();

  /** Device memory that it wants for itself while it is open; 0 when none. */
  long workspaceBytes();

  /**
   * Begins. Everything that it needs is taken here: {@link #multiply} allocates nothing, so that it
   * can be captured into a graph. When it fails, nothing stays taken.
   *
   * @param stream    the driver's number of the stream that all work goes to
   * @param workspace address of {@link #workspaceBytes} bytes of device memory, aligned to 256;
   *                  they are its own until it is closed
   */
  void open(long stream, long workspace);

  /**
   * Queues {@code Y = X W^T}, or adds it to the graph that is being captured. A graph serves steps
   * of fewer rows too: the rows behind theirs hold anything, also no numbers, and what becomes of
   * them is not read.
   *
   * @param y address on the device
   * @param x address on the device
   * @param w address on the device
   */
  void multiply(long y, long x, long w, int rows, int outputs, int inputs);

  /** Ends; what is queued was done before. Idempotent, also when it was never open. */
  @Override
  void close();
}
