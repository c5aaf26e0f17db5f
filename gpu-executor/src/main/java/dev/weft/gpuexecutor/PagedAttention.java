package dev.weft.gpuexecutor;

/**
 * Attention of a ragged batch over the paged cache. A row is cut into pieces of neighbouring
 * tokens, a piece and a KV head make one task: long pieces go to {@link PrefillAttention}, single
 * tokens to {@link DecodeAttention}; both give the same bits, so where the cut falls is a matter of
 * speed alone. Tokens of a draft tree are single ones: each sees other tokens of its row.
 */
final class PagedAttention implements WorkerTeam.Job {
  /** Pieces with fewer lanes than this are cut into single tokens. */
  private static final int MIN_PREFILL_LANES = 16;

  private final WorkerTeam team;
  private final int groupSize;
  private final int numKvHeads;
  private final int maxPieceTokens;
  private final DecodeAttention[] decode;
  private final PrefillAttention[] prefill;

  // Pieces of the current batch; constant over its layers.
  private final int[] pieceFirstToken;
  private final int[] pieceNumTokens;
  private int numPieces;
  private RaggedBatch batch;

  // The current layer.
  private int layer;
  private float[][] queries = {};
  private float[][] target = {};

  PagedAttention(
      LlamaConfig config,
      KvBlocks kv,
      WorkerTeam team,
      int maxTokens,
      int numPositions,
      int maxDepth) {
    this.team = team;
    this.groupSize = config.groupSize();
    this.numKvHeads = config.numKvHeads();
    this.maxPieceTokens = PrefillAttention.maxTokens(config, numPositions);
    this.pieceFirstToken = new int[maxTokens];
    this.pieceNumTokens = new int[maxTokens];
    this.batch = new RaggedBatch(0, 0, 0, 0);
    decode = new DecodeAttention[team.numThreads()];
    prefill = new PrefillAttention[team.numThreads()];
    for (int worker = 0; worker < decode.length; worker++) {
      decode[worker] = new DecodeAttention(config, kv, maxDepth);
      prefill[worker] = new PrefillAttention(config, kv, numPositions);
    }
  }

  /**
   * Cuts the rows of a batch into pieces, the expensive ones first so that none ends last alone.
   */
  void prepare(RaggedBatch batch) {
    this.batch = batch;
    numPieces = 0;
    for (int row = 0; row < batch.numRows(); row++) {
      if (isPrefill(batch.rowLength(row))) {
        cut(batch.firstToken(row), batch.rowLength(row), maxPieceTokens);
      }
    }
    for (int row = 0; row < batch.numRows(); row++) {
      if (!isPrefill(batch.rowLength(row))) {
        cut(batch.firstToken(row), batch.rowLength(row), 1);
      }
      int firstInTree = batch.firstToken(row) + batch.rowLength(row);
      cut(firstInTree, batch.endToken(row) - firstInTree, 1);
    }
  }

  private boolean isPrefill(int numTokens) {
    return numTokens * groupSize >= MIN_PREFILL_LANES;
  }

  /** Later pieces see more positions, so they come first. */
  private void cut(int firstToken, int numTokens, int pieceLength) {
    for (int end = numTokens; end > 0; ) {
      int length = Math.min(end, pieceLength);
      end -= length;
      pieceFirstToken[numPieces] = firstToken + end;
      pieceNumTokens[numPieces] = length;
      numPieces++;
    }
  }

  /**
   * Cuts anew, for the last layer: only tokens whose logits are wanted still need attention there.
   */
  void prepareLogitTokensOnly() {
    numPieces = 0;
    for (int i = 0; i < batch.numLogits(); i++) {
      cut(batch.logitToken(i), 1, 1);
    }
  }

  /** Computes one layer, for all prepared tokens. */
  void run(int layer, float[][] queries, float[][] target) {
    this.layer = layer;
    this.queries = queries;
    this.target = target;
    team.run(this, numPieces * numKvHeads);
  }

  @Override
  public void run(int task, int worker) {
    int piece = task / numKvHeads;
    int kvHead = task % numKvHeads;
    int token = pieceFirstToken[piece];
    int numTokens = pieceNumTokens[piece];
    int[] blockTable = batch.blockTableOf(token);
    int position = batch.position(token);
    if (batch.isInTree(token)) {
      decode[worker].attendInTree(layer, kvHead, batch, token, queries[token], target[token]);
    } else if (numTokens == 1) {
      decode[worker].attend(layer, kvHead, blockTable, position, queries[token], target[token]);
    } else {
      prefill[worker].attend(
          layer, kvHead, blockTable, position, token, numTokens, queries, target);
    }
  }
}
