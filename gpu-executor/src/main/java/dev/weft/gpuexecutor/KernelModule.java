package dev.weft.gpuexecutor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.Map;

/** The kernels of the PTX resource, loaded by a driver. */
final class KernelModule {
  /** Beside the classes of this package. */
  static final String RESOURCE = "kernels.sm80.ptx";

  private final Map<Kernel, CudaKernel> kernels = new EnumMap<>(Kernel.class);

  /** Loads all kernels; the module goes when the resources do. */
  KernelModule(DeviceResources resources) {
    CudaDriver driver = resources.driver();
    CudaModule module = resources.keep(driver.load(ptx()));
    for (Kernel kernel : Kernel.values()) {
      kernels.put(kernel, driver.kernel(module, kernel.entry(), kernel.sharedBytes()));
    }
  }

  /** The text of the PTX resource. */
  static byte[] ptx() {
    try (InputStream stream = KernelModule.class.getResourceAsStream(RESOURCE)) {
      if (stream == null) {
        throw new IllegalStateException("the resource " + RESOURCE + " is missing from the jar");
      }
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CudaKernel get(Kernel kernel) {
    CudaKernel loaded = kernels.get(kernel);
    if (loaded == null) {
      throw new IllegalStateException(kernel + " is not loaded");
    }
    return loaded;
  }
}
