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
  private static final int MIN_MAJOR_CAPABILITY = 8;

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
      if (!CudaNatives.arePresent()) {
        return Optional.of(
            "JCuda's natives are missing: add " + CudaNatives.COORDINATES + " to the class path");
      }
      return askDriver();
    } catch (LinkageError | RuntimeException e) {
      return Optional.of(innermost(e));
    }
  }

  private static Optional<String> askDriver() {
    try (JcudaDriver driver = JcudaDriver.open()) {
      if (driver.deviceCount() == 0) {
        return Optional.of("the NVIDIA driver sees no device");
      }
      CudaDevice device = driver.device(0);
      if (device.major() < MIN_MAJOR_CAPABILITY) {
        return Optional.of(
            device.name()
                + " has compute capability "
                + device.major()
                + "."
                + device.minor()
                + ", needs "
                + MIN_MAJOR_CAPABILITY
                + ".0 or more");
      }
      driver.retainPrimaryContext(device);
      driver.release(driver.load(KernelModule.ptx()));
      return Optional.empty();
    }
  }

  /** The first line of the cause that names what is missing; those around it hold stack traces. */
  private static String innermost(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = cause.getMessage();
    return message == null ? cause.toString() : message.lines().findFirst().orElse("").strip();
  }
}
