package dev.weft.gpuexecutor;

import java.nio.FloatBuffer;

/** Brings the sines and cosines of {@link RopeTable} to the device, so that both use the same. */
final class DeviceRope {
  private DeviceRope() {}

  /** Bytes of the table: {@code [position][headDim / 2]} pairs of cosine and sine. */
  static long bytes(LlamaConfig config, int numPositions) {
    return (long) Float.BYTES * config.headDim() * numPositions;
  }

  /**
   * Refuses so many positions that their table has more than 2 GiB.
   *
   * @throws IllegalArgumentException when the table does not fit into one buffer of the host
   */
  static void check(LlamaConfig config, int numPositions) {
    if (bytes(config, numPositions) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "maxModelLen is " + numPositions + ", with headDim " + config.headDim()
              + " of the model must be at most "
              + Integer.MAX_VALUE / (Float.BYTES * config.headDim()));
    }
  }

  /** Fills the table, and waits until it is there. */
  static void upload(
      DeviceResources resources,
      CudaStream stream,
      LlamaConfig config,
      int numPositions,
      DeviceMemory target) {
    CudaDriver driver = resources.driver();
    RopeTable table =
        new RopeTable(config.headDim(), config.ropeTheta(), config.ropeScaling(), numPositions);
    PinnedMemory staging = resources.allocatePinned(bytes(config, numPositions));
    FloatBuffer floats = staging.buffer().asFloatBuffer();
    for (int position = 0; position < numPositions; position++) {
      for (int i = 0; i < config.headDim() / 2; i++) {
        floats.put(table.cosine(position, i)).put(table.sine(position, i));
      }
    }
    CudaEvent done = resources.event();
    driver.copyToDevice(target, staging, staging.bytes(), stream);
    driver.record(done, stream);
    driver.block(done);
    resources.free(staging);
  }
}
