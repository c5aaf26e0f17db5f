package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * The forward pass for one sequence whose keys and values lie in plain arrays by position: no
 * blocks, no tables, no batch. It shares weights and arithmetic primitives with {@link
 * PagedForward} and walks them by loops of its own, one query head at a time, so that each can
 * check the other; every sum has the same order, so the logits have the same bits.
 *
 * <p>All memory is taken by the constructor. One thread at a time.
 */
final class SoloForward {
  /** Tokens of a prompt that go through the layers together. */
  static final int MAX_CHUNK = 128;

  private final LlamaConfig config;
  private final LlamaWeights weights;
  private final WorkerTeam team;
  private final MatrixProduct product;
  private final RopeTable rope;
  private final SoloAttention[] attention;
  private final SwiGlu swiGlu;

  /** {@code [layer][kvHead][dimension][position]}. */
  private final float[][][][] keys;

  /** {@code [layer][kvHead][position][dimension]}. */
  private final float[][][][] values;

  private final float[][] residual;
  private final float[][] normed;
  private final float[][] heads;
  private final float[][] attended;
  private final float[][] gateUp;
  private final float[][] logits;

  /**
   * @param maxTokens longest sequence
   */
  SoloForward(HostModel model, WorkerTeam team, int maxTokens) {
    config = model.config();
    weights = model.weights();
    this.team = team;
    product = new MatrixProduct(team);
    rope = new RopeTable(config.headDim(), config.ropeTheta(), config.ropeScaling(), maxTokens);
    attention = new SoloAttention[team.numThreads()];
    Arrays.setAll(attention, worker -> new SoloAttention(config.headDim(), maxTokens));
    swiGlu = new SwiGlu(config.intermediateSize());
    int numLayers = config.numLayers();
    int padding = PanelMatrix.PADDING;
    int headDim = config.headDim();
    keys = new float[numLayers][config.numKvHeads()][headDim][maxTokens + padding];
    values = new float[numLayers][config.numKvHeads()][maxTokens][headDim + padding];
    int numRows = Math.min(MAX_CHUNK, maxTokens);
    residual = new float[numRows][config.hiddenSize()];
    normed = new float[numRows][config.hiddenSize()];
    heads = new float[numRows][config.queryWidth() + 2 * config.kvWidth()];
    attended = new float[numRows][config.queryWidth()];
    gateUp = new float[numRows][2 * config.intermediateSize()];
    logits = new float[1][config.vocabularySize()];
  }

  /**
   * Computes positions {@code from} to {@code to}, exclusive; all before must have been computed,
   * in this sequence.
   *
   * @param tokens the sequence from position 0
   * @return the logits behind the last of them, {@code [vocabulary]}; overwritten by the next call
   */
  float[] run(int[] tokens, int from, int to) {
    for (int first = from; first < to; first += MAX_CHUNK) {
      runChunk(tokens, first, Math.min(MAX_CHUNK, to - first));
    }
    int last = (to - from - 1) % MAX_CHUNK;
    RmsNorm.apply(residual[last], weights.norm(), config.rmsNormEpsilon(), normed[0]);
    product.multiply(weights.output(), normed, 1, logits);
    return logits[0];
  }

  private void runChunk(int[] tokens, int firstPosition, int numTokens) {
    for (int i = 0; i < numTokens; i++) {
      float[] embedding = weights.embedding()[tokens[firstPosition + i]];
      System.arraycopy(embedding, 0, residual[i], 0, config.hiddenSize());
    }
    for (int layer = 0; layer < weights.layers().length; layer++) {
      LlamaWeights.Layer current = weights.layers()[layer];
      normAll(current.attentionNorm(), numTokens);
      product.multiply(current.queryKeyValue(), normed, numTokens, heads);
      keepKeysAndValues(layer, firstPosition, numTokens);
      attend(layer, firstPosition, numTokens);
      product.multiplyAdd(current.attentionOutput(), attended, numTokens, residual);
      normAll(current.feedForwardNorm(), numTokens);
      product.multiply(current.gateUp(), normed, numTokens, gateUp);
      for (int i = 0; i < numTokens; i++) {
        swiGlu.apply(gateUp[i]);
      }
      product.multiplyAdd(current.down(), gateUp, numTokens, residual);
    }
  }

  private void normAll(float[] norm, int numTokens) {
    for (int i = 0; i < numTokens; i++) {
      RmsNorm.apply(residual[i], norm, config.rmsNormEpsilon(), normed[i]);
    }
  }

  private void keepKeysAndValues(int layer, int firstPosition, int numTokens) {
    int headDim = config.headDim();
    for (int i = 0; i < numTokens; i++) {
      int position = firstPosition + i;
      int key = config.queryWidth();
      int value = key + config.kvWidth();
      rope.rotate(heads[i], key, config.numKvHeads(), position, 1f);
      for (int head = 0; head < config.numKvHeads(); head++) {
        for (int d = 0; d < headDim; d++) {
          keys[layer][head][d][position] = heads[i][key + head * headDim + d];
          values[layer][head][position][d] = heads[i][value + head * headDim + d];
        }
      }
    }
  }

  private void attend(int layer, int firstPosition, int numTokens) {
    float queryScale = (float) (1 / Math.sqrt(config.headDim()));
    for (int i = 0; i < numTokens; i++) {
      rope.rotate(heads[i], 0, config.numHeads(), firstPosition + i, queryScale);
    }
    int numHeads = config.numHeads();
    team.run(
        (task, worker) -> {
          int token = task / numHeads;
          int head = task % numHeads;
          int kvHead = head / config.groupSize();
          attention[worker].attend(
              keys[layer][kvHead],
              values[layer][kvHead],
              firstPosition + token + 1,
              heads[token],
              attended[token],
              head * config.headDim());
        },
        numTokens * numHeads);
  }
}
