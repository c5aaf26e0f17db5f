package dev.weft.gpuexecutor;

/**
 * The forward pass of a Llama model over a ragged batch and a paged KV cache.
 *
 * <p>Per layer: norm, queries keys and values, rotation and KV writes of all tokens, attention,
 * output projection, norm, gated feed-forward network; in the last layer everything behind the KV
 * writes is left out for tokens whose logits nobody wants. The steps are barriers, so all KV writes
 * of a layer happen before any of its attention reads. The bits of a token's logits depend only on
 * the tokens before it: not on other rows, on chunks, on block numbers or on the number of threads.
 *
 * <p>All memory is taken by the constructor; {@link #run} allocates nothing. One thread at a time.
 */
final class PagedForward {
  private final LlamaConfig config;
  private final LlamaWeights weights;
  private final KvBlocks kv;
  private final RopeTable rope;
  private final MatrixProduct product;
  private final PagedAttention attention;
  private final float queryScale;

  private final float[][] residual;
  private final float[][] normed;
  private final float[][] queryKeyValue;
  private final float[][] attended;
  private final float[][] gateUp;
  private final float[][] logits;

  private final TokenLoop embedTokens;
  private final TokenLoop normBeforeAttention;
  private final TokenLoop rotateAndStore;
  private final TokenLoop normBeforeFeedForward;
  private final TokenLoop activate;
  private final TokenLoop normBeforeOutput;

  // The current pass.
  private RaggedBatch batch = new RaggedBatch(0, 0, 0, 0);
  private int layer;

  /**
   * @param maxTokens most tokens of a batch
   * @param maxLogits most logit rows of a batch
   * @param numPositions positions 0 to this, exclusive
   * @param maxDepth most levels of a tree of drafts
   */
  PagedForward(
      HostModel model,
      KvBlocks kv,
      WorkerTeam team,
      int maxTokens,
      int maxLogits,
      int numPositions,
      int maxDepth) {
    config = model.config();
    weights = model.weights();
    this.kv = kv;
    rope =
        new RopeTable(config.headDim(), config.ropeTheta(), config.ropeScaling(), numPositions);
    product = new MatrixProduct(team);
    attention = new PagedAttention(config, kv, team, maxTokens, numPositions, maxDepth);
    queryScale = (float) (1 / Math.sqrt(config.headDim()));
    residual = new float[maxTokens][config.hiddenSize()];
    normed = new float[Math.max(maxTokens, maxLogits)][config.hiddenSize()];
    queryKeyValue = new float[maxTokens][config.queryWidth() + 2 * config.kvWidth()];
    attended = new float[maxTokens][config.queryWidth()];
    gateUp = new float[maxTokens][2 * config.intermediateSize()];
    logits = new float[maxLogits][config.vocabularySize()];
    SwiGlu[] swiGlu = new SwiGlu[team.numThreads()];
    for (int worker = 0; worker < swiGlu.length; worker++) {
      swiGlu[worker] = new SwiGlu(config.intermediateSize());
    }
    embedTokens = new TokenLoop(team, (token, worker) -> embed(token));
    normBeforeAttention = new TokenLoop(team, (token, worker) -> normBeforeAttention(token));
    rotateAndStore = new TokenLoop(team, (token, worker) -> rotateAndStore(token));
    normBeforeFeedForward = new TokenLoop(team, (token, worker) -> normBeforeFeedForward(token));
    activate = new TokenLoop(team, (token, worker) -> swiGlu[worker].apply(gateUp[token]));
    normBeforeOutput = new TokenLoop(team, (index, worker) -> normBeforeOutput(index));
  }

  /**
   * Computes the batch and writes its keys and values into the cache.
   *
   * @return {@code [logits row][vocabulary]}, as many rows as the batch asked for; overwritten by
   *     the next pass
   */
  float[][] run(RaggedBatch batch) {
    this.batch = batch;
    int numTokens = batch.numTokens();
    attention.prepare(batch);
    embedTokens.runOver(numTokens);
    int lastLayer = weights.layers().length - 1;
    for (layer = 0; layer < lastLayer; layer++) {
      storeKeysAndValues(numTokens);
      attention.run(layer, queryKeyValue, attended);
      finishLayer(numTokens);
    }
    storeKeysAndValues(numTokens);
    attention.prepareLogitTokensOnly();
    attention.run(layer, queryKeyValue, attended);
    dropOtherTokens();
    finishLayer(batch.numLogits());
    normBeforeOutput.runOver(batch.numLogits());
    product.multiply(weights.output(), normed, batch.numLogits(), logits);
    return logits;
  }

  private void storeKeysAndValues(int numTokens) {
    normBeforeAttention.runOver(numTokens);
    PanelMatrix matrix = weights.layers()[layer].queryKeyValue();
    product.multiply(matrix, normed, numTokens, queryKeyValue);
    rotateAndStore.runOver(numTokens);
  }

  /** Moves the tokens whose logits are wanted to the front. */
  private void dropOtherTokens() {
    for (int i = 0; i < batch.numLogits(); i++) {
      int token = batch.logitToken(i);
      System.arraycopy(residual[token], 0, residual[i], 0, config.hiddenSize());
      System.arraycopy(attended[token], 0, attended[i], 0, config.queryWidth());
    }
  }

  private void finishLayer(int numTokens) {
    LlamaWeights.Layer current = weights.layers()[layer];
    product.multiplyAdd(current.attentionOutput(), attended, numTokens, residual);
    normBeforeFeedForward.runOver(numTokens);
    product.multiply(current.gateUp(), normed, numTokens, gateUp);
    activate.runOver(numTokens);
    product.multiplyAdd(current.down(), gateUp, numTokens, residual);
  }

  private void embed(int token) {
    float[] embedding = weights.embedding()[batch.tokenId(token)];
    System.arraycopy(embedding, 0, residual[token], 0, config.hiddenSize());
  }

  private void normBeforeAttention(int token) {
    float[] norm = weights.layers()[layer].attentionNorm();
    RmsNorm.apply(residual[token], norm, config.rmsNormEpsilon(), normed[token]);
  }

  private void rotateAndStore(int token) {
    float[] heads = queryKeyValue[token];
    int position = batch.position(token);
    int keyOffset = config.queryWidth();
    rope.rotate(heads, 0, config.numHeads(), position, queryScale);
    rope.rotate(heads, keyOffset, config.numKvHeads(), position, 1f);
    int slot = kv.slot(batch.blockTableOf(token), batch.cachePosition(token));
    kv.store(layer, slot, heads, keyOffset, keyOffset + config.kvWidth());
  }

  private void normBeforeFeedForward(int token) {
    float[] norm = weights.layers()[layer].feedForwardNorm();
    RmsNorm.apply(residual[token], norm, config.rmsNormEpsilon(), normed[token]);
  }

  private void normBeforeOutput(int index) {
    RmsNorm.apply(residual[index], weights.norm(), config.rmsNormEpsilon(), normed[index]);
  }
}
