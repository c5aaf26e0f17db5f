package dev.weft.gpuexecutor;

/**
 * How the KV cache lies on the device: {@code [block][layer][keys, values][kvHead]}, in BF16. The
 * keys of a head are {@code [position][dimension]}; its values are {@code [dimension][position]},
 * so that attention reads the values of neighbouring positions side by side. A block is one piece
 * over all layers, so copying one is one copy.
 *
 * @param layerElements numbers of one layer of a block
 * @param numLayers layers of a block
 */
record KvLayout(int layerElements, int numLayers) {
  static KvLayout of(LlamaConfig config, int blockSize) {
    return new KvLayout(2 * config.kvWidth() * blockSize, config.numLayers());
  }

  /** Numbers from one block to the next. */
  int blockStride() {
    return layerElements * numLayers;
  }

  /** Bytes of a block. */
  long blockBytes() {
    return (long) Bfloat16.BYTES * blockStride();
  }

  /** Bytes from the start of a block to its part of a layer. */
  long layerOffset(int layer) {
    return (long) Bfloat16.BYTES * layerElements * layer;
  }
}
