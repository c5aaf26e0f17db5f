package dev.weft.engine;

/**
 * A consumer's place in the output of all samples of a request: each sample in order, samples in
 * turn.
 */
final class SampleCursor {
  private final Generation generation;
  private final int[] numRead;
  private int sampleIndex = -1;

  SampleCursor(Generation generation) {
    this.generation = generation;
    numRead = new int[generation.numSamples()];
  }

  /** Goes on to a token that has not been read; false when there is none now. */
  boolean next() {
    for (int i = 0; i < numRead.length; i++) {
      sampleIndex = (sampleIndex + 1) % numRead.length;
      if (numRead[sampleIndex] < generation.numTokens(sampleIndex)) {
        numRead[sampleIndex]++;
        return true;
      }
    }
    return false;
  }

  int sampleIndex() {
    return sampleIndex;
  }

  int outputIndex() {
    return numRead[sampleIndex] - 1;
  }

  int token() {
    return generation.token(sampleIndex, outputIndex());
  }

  /** True when something can be read; moves nothing. */
  boolean hasNext() {
    for (int i = 0; i < numRead.length; i++) {
      if (numRead[i] < generation.numTokens(i)) {
        return true;
      }
    }
    return false;
  }
}
