package dev.weft.gpuexecutor;

/**
 * The tokens of one forward pass: rows of different length, one after another, as struct of arrays.
 * A row is a piece of one sequence; rows of one batch may share blocks. Reused from step to step.
 *
 * <pre>
 * rows      | 0           | 1 | 2         |
 * tokens    | a0 a1 a2 a3 | b | c0 c1 c2  |   position = start of the row + index in the row
 * </pre>
 */
final class RaggedBatch {
  private final int maxPosition;
  private final int vocabularySize;
  private final int[] tokenIds;
  private final int[] positions;
  private final int[] rowOfToken;
  private final int[] firstToken;
  private final int[] rowLength;
  private final int[][] blockTables;
  private final int[] logitToken;
  private int numTokens;
  private int numRows;
  private int numLogits;

  /**
   * @param maxTokens most tokens of a batch, and most rows
   * @param maxLogits most tokens whose logits are wanted
   * @param numPositions positions 0 to this, exclusive
   */
  RaggedBatch(int maxTokens, int maxLogits, int numPositions, int vocabularySize) {
    this.maxPosition = numPositions - 1;
    this.vocabularySize = vocabularySize;
    tokenIds = new int[maxTokens];
    positions = new int[maxTokens];
    rowOfToken = new int[maxTokens];
    firstToken = new int[maxTokens];
    rowLength = new int[maxTokens];
    blockTables = new int[maxTokens][];
    logitToken = new int[maxLogits];
  }

  void clear() {
    numTokens = 0;
    numRows = 0;
    numLogits = 0;
  }

  /**
   * Begins a row without tokens.
   *
   * @param blockTable block of position p at index {@code p / blockSize}; read until the pass is
   *     over
   */
  void beginRow(int[] blockTable) {
    firstToken[numRows] = numTokens;
    rowLength[numRows] = 0;
    blockTables[numRows] = blockTable;
    numRows++;
  }

  /**
   * Appends a token to the row begun last; positions of a row ascend by one.
   *
   * @return its index in the batch
   */
  int addToken(int tokenId, int position) {
    if (tokenId < 0 || tokenId >= vocabularySize) {
      throw new IllegalArgumentException("token id " + tokenId + " of " + vocabularySize);
    }
    if (position < 0 || position > maxPosition) {
      throw new IllegalArgumentException("position " + position + " of " + (maxPosition + 1));
    }
    int row = numRows - 1;
    if (rowLength[row] > 0 && positions[numTokens - 1] != position - 1) {
      throw new IllegalArgumentException(
          "row " + row + ": position " + position + " behind " + positions[numTokens - 1]);
    }
    tokenIds[numTokens] = tokenId;
    positions[numTokens] = position;
    rowOfToken[numTokens] = row;
    rowLength[row]++;
    return numTokens++;
  }

  /**
   * Asks for the logits behind a token of the batch; tokens in ascending order.
   *
   * @return the row of the logits that will hold them; 0, 1, 2, … in the order of the calls
   */
  int addLogits(int token) {
    if (numLogits > 0 && token <= logitToken[numLogits - 1]) {
      throw new IllegalArgumentException(
          "logits of token " + token + " behind those of " + logitToken[numLogits - 1]);
    }
    logitToken[numLogits] = token;
    return numLogits++;
  }

  int numTokens() {
    return numTokens;
  }

  int numRows() {
    return numRows;
  }

  int numLogits() {
    return numLogits;
  }

  int tokenId(int token) {
    return tokenIds[token];
  }

  int position(int token) {
    return positions[token];
  }

  int[] blockTableOf(int token) {
    return blockTables[rowOfToken[token]];
  }

  int firstToken(int row) {
    return firstToken[row];
  }

  /** Tokens of the row. */
  int rowLength(int row) {
    return rowLength[row];
  }

  /** The token behind which logits row {@code index} is. */
  int logitToken(int index) {
    return logitToken[index];
  }
}
