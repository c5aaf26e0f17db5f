package dev.weft.gpuexecutor;

/**
 * A {@link GemmProvider} that was opened for an executor, and the memory that this takes beside the
 * second copy of the weights.
 *
 * @param gateUp {@code [maxTokens][2 * inner]}: gate, then up of a token, in BF16
 */
record MatrixLibrary(GemmProvider provider, DeviceMemory gateUp) {
  /** Opens it on a stream; it is closed with the resources. */
  static MatrixLibrary open(
      DeviceResources resources,
      CudaStream stream,
      GemmProvider provider,
      PaddedShape shape,
      int maxTokens) {
    resources.open(provider, stream);
    return new MatrixLibrary(
        provider, resources.allocate((long) Bfloat16.BYTES * maxTokens * 2 * shape.inner()));
  }

  /** Whether steps of so many tokens, or their graph, are for it. */
  boolean takes(int maxTokens) {
    return maxTokens >= provider.minRows();
  }
}
