package dev.weft.gpuexecutor;

/**
 * A kernel with arguments that never change, ready to be launched any number of times. What differs
 * from step to step the kernel reads from the step block.
 */
final class LaunchSite {
  private final CudaDriver driver;
  private final CudaKernel kernel;
  private final KernelArguments arguments;
  private final int numThreads;

  LaunchSite(CudaDriver driver, KernelModule module, KernelArguments arguments) {
    this.driver = driver;
    this.kernel = module.get(arguments.kernel());
    this.arguments = arguments;
    this.numThreads = arguments.kernel().numThreads();
  }

  void launch(CudaStream stream, int gridX) {
    launch(stream, gridX, 1);
  }

  void launch(CudaStream stream, int gridX, int gridY) {
    driver.launch(kernel, gridX, gridY, 1, numThreads, stream, arguments.memory());
  }
}
