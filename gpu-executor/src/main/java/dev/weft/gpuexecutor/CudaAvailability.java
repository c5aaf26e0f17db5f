package dev.weft.gpuexecutor;

import java.util.Optional;

/**
 * Whether this process can use a GPU, found out once, by the first who asks. Asking loads native
 * code, and a load that fails cannot be tried again in the same process; so nothing else touches
 * the driver before.
 */
final class CudaAvailability {
  /** {@code -Dweft.cuda=off} leaves GPU and driver alone. */
  static final String PROPERTY = "weft.cuda";

  private static final String OFF = "off";
  private static final String DRIVER = "libcuda.so.1";
  private static final int MIN_MAJOR_CAPABILITY = 8;
  private static final String NO_DEVICE =
      "the NVIDIA driver sees no device: give one to this process or container";

  private CudaAvailability() {}

  /** Asks the driver when the class is first used, so that there is one answer. */
  private static final class Holder {
    static final Optional<String> REASON = find();
  }

  /** One line that says why not, and what to do; empty when a GPU can be used. Never throws. */
  static Optional<String> reason() {
    return Holder.REASON;
  }

  private static Optional<String> find() {
    if (OFF.equals(System.getProperty(PROPERTY))) {
      return Optional.of("switched off by -D" + PROPERTY + "=" + OFF);
    }
    try {
      Optional<String> missing = CudaNatives.missingReason();
      return missing.isPresent() ? missing : askDriver();
    } catch (CudaException e) {
      return Optional.of(advice(e.code()) + e.getMessage());
    } catch (UnsupportedOperationException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (LinkageError | RuntimeException e) {
      return Optional.of(oneLine(e));
    }
  }

  /** What to do about codes with which drivers refuse to start. */
  private static String advice(int code) {
    return switch (code) {
      case 34 -> "libcuda.so.1 is the toolkit's stub, put that of the driver before it: ";
      case 100 -> NO_DEVICE + ": ";
      case 802 -> "the machine's GPUs are not ready, its fabric manager may not run: ";
      case 803 -> "libcuda.so.1 and the kernel's driver are of different versions, restart the "
          + "machine or take the CUDA compatibility package out of the container: ";
      case 804 -> "the CUDA compatibility package does not know this GPU, take it out of the "
          + "container: ";
      default -> "";
    };
  }

  private static Optional<String> askDriver() {
    try (JcudaDriver driver = JcudaDriver.open()) {
      if (driver.deviceCount() == 0) {
        return Optional.of(NO_DEVICE);
      }
      CudaDevice device = firstNewEnough(driver);
      if (!isNewEnough(device)) {
        return Optional.of(tooOld(device));
      }
      driver.retainPrimaryContext(device);
      return loadKernels(driver);
    }
  }

  /** The first device that is new enough, else the first. */
  private static CudaDevice firstNewEnough(CudaDriver driver) {
    for (int ordinal = 0; ordinal < driver.deviceCount(); ordinal++) {
      CudaDevice device = driver.device(ordinal);
      if (isNewEnough(device)) {
        return device;
      }
    }
    return driver.device(0);
  }

  /** Whether the kernels can run on it. */
  static boolean isNewEnough(CudaDevice device) {
    return device.major() >= MIN_MAJOR_CAPABILITY;
  }

  /** What is wrong with a device that is not new enough. */
  static String tooOld(CudaDevice device) {
    return device.name() + " has compute capability " + device.major() + "." + device.minor()
        + ", needs " + MIN_MAJOR_CAPABILITY + ".0 or more";
  }

  private static Optional<String> loadKernels(CudaDriver driver) {
    try {
      driver.release(driver.load(KernelModule.ptx()));
      return Optional.empty();
    } catch (CudaException e) {
      return Optional.of(
          "the driver refuses the kernels, it may be too old: " + e.getMessage());
    }
  }

  /**
   * What is wrong, in one line. JCuda puts whole stack traces into the message of its link error;
   * the last of the errors in there is the one that names the library that is missing.
   */
  private static String oneLine(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = cause.getMessage();
    if (message == null) {
      return cause.toString();
    }
    String[] lines = message.lines().map(String::strip).toArray(String[]::new);
    for (int i = lines.length - 1; i >= 0; i--) {
      int library = lines[i].indexOf(DRIVER);
      if (library >= 0) {
        return "no NVIDIA driver: " + lines[i].substring(library);
      }
    }
    return lines.length == 0 ? cause.toString() : cause.getClass().getSimpleName() + ": "
        + lines[0];
  }
}
