package dev.weft.gpuexecutor;

import org.jspecify.annotations.Nullable;

/**
 * What the launches of one executor have in common.
 *
 * @param stepBlock what the host sent for the current step
 * @param numMultiprocessors of the device, for grids whose blocks take work in turn
 * @param deterministic whether every number of rows goes through the same kernels
 * @param library does products of many rows; null when there is none
 */
record LaunchContext(
    DeviceResources resources,
    KernelModule module,
    LlamaConfig config,
    KvLayout kvLayout,
    DeviceBuffers buffers,
    DeviceMemory stepBlock,
    int numMultiprocessors,
    boolean deterministic,
    @Nullable MatrixLibrary library) {

  /** Arguments of a kernel, all zero. */
  KernelArguments arguments(Kernel kernel) {
    return resources.arguments(kernel);
  }

  LaunchSite site(KernelArguments arguments) {
    return new LaunchSite(resources.driver(), module, arguments);
  }

  /** The widths of the activations. */
  PaddedShape shape() {
    return PaddedShape.of(config);
  }

  /**
   * A product {@code y = x} times a weight matrix.
   *
   * @param countIndex where the header of the step block says how many rows x has
   */
  DeviceProduct product(
      DeviceMatrix matrix,
      DeviceMemory x,
      DeviceMemory y,
      int countIndex,
      DeviceProduct.Output output) {
    return new DeviceProduct(this, matrix, x, y, countIndex, output);
  }
}
