package dev.weft.gpuexecutor;

/**
 * The kernels of the PTX resource: the one description of them in Java. Tests compare it with the
 * PTX, parameter by parameter.
 */
enum Kernel {
  RMS_NORM("rms_norm", "PPPIIF", 256, 0);

  private final String entry;
  private final String parameters;
  private final int numThreads;
  private final int sharedBytes;

  /**
   * @param entry its name in the PTX
   * @param parameters one letter each: P a pointer, I an int, F a float
   * @param numThreads threads of a block
   * @param sharedBytes dynamic shared memory of a block
   */
  Kernel(String entry, String parameters, int numThreads, int sharedBytes) {
    this.entry = entry;
    this.parameters = parameters;
    this.numThreads = numThreads;
    this.sharedBytes = sharedBytes;
  }

  /** Its name in the PTX. */
  String entry() {
    return entry;
  }

  int numParameters() {
    return parameters.length();
  }

  /** What parameter {@code index} is: 'P' a pointer, 'I' an int, 'F' a float. */
  char parameter(int index) {
    return parameters.charAt(index);
  }

  /** One letter for each parameter, as {@link #parameter} gives them. */
  String parameters() {
    return parameters;
  }

  /** Threads of a block. */
  int numThreads() {
    return numThreads;
  }

  /** Bytes of dynamic shared memory of a block. */
  int sharedBytes() {
    return sharedBytes;
  }
}
