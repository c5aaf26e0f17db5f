package dev.weft.gpuexecutor;

/**
 * The emulated device for tests of other modules: with it a {@link CudaExecutor} runs on a machine
 * without a GPU, the same Java code, the same natives and the same kernel sources. Tests skip
 * themselves, and say why, where it cannot be built.
 */
public final class EmulatedDevice {
  private static final int NUM_MULTIPROCESSORS = 4;
  private static final int NUM_ORDERS = 3;

  private EmulatedDevice() {}

  /**
   * Puts the device back to its start, with another order of its work.
   *
   * @param seed decides when the work of streams runs (at once, as late as is legal, or in a random
   *     legal order), and in which order the threads of a block
   */
  public static void reset(long seed) {
    StandIn.reset();
    StandIn.multiprocessors(NUM_MULTIPROCESSORS);
    StandIn.order(StandIn.Order.values()[Math.floorMod(seed, NUM_ORDERS)], seed);
    StandIn.schedule(Math.floorMod(seed, 4));
  }

  /** The {@code n}-th kernel from now on, counted from 1, ends with an error that stays. */
  public static void failKernel(long n) {
    StandIn.failKernel(n, 700);
  }

  /** Fails when the device complained of something or was not given everything back. */
  public static void verify() {
    StandIn.verify();
  }

  /** A Llama of random weights with 100 tokens, of two small layers. */
  public static CudaExecutorBuilder toy() {
    return CudaToy.builder();
  }
}
