package dev.weft.gpuexecutor;

/** Hears how far the loading of a model has come. Called by the thread that builds the executor. */
@FunctionalInterface
public interface LoadProgress {
  /**
   * Some weights are on the device, or on their way to it.
   *
   * @param numBytesLoaded of the model as stored, ascending; equal to {@code numBytes} at the end
   * @param numBytes of all weights of the model as stored
   */
  void onProgress(long numBytesLoaded, long numBytes);
}
