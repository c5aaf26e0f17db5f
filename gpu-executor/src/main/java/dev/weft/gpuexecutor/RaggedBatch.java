package dev.weft.gpuexecutor;

/**
 * The tokens of one forward pass: rows of different length, one after another, as struct of arrays.
 * A row is a piece of one sequence; rows of one batch may share blocks. Reused from step to step.
 *
 * <pre>
 * rows      | 0           | 1 | 2         |
 * tokens    | a0 a1 a2 a3 | b | c0 c1 c2  |   position = start of the row + index in the row
 * </pre>
 *
 * <p>A row may end with a tree of drafts. These lie in the cache one behind the other as well, but
 * each stands at the position behind its parent and sees, of its row, only the tokens before the
 * tree, its ancestors and itself.
 */
final class RaggedBatch {
  /** Parent of a token that is in no tree. */
  private static final int NO_TREE = -2;

  /** Parent of a draft that follows the last token before the tree. */
  private static final int ROOT = -1;

  private final int maxPosition;
  private final int vocabularySize;
  private final int[] tokenIds;
  private final int[] positions;

  /** Where keys and values lie, by the row's block table; the position unless in a tree. */
  private final int[] cachePositions;

  /** {@link #NO_TREE}, {@link #ROOT}, or the token of the parent in the tree. */
  private final int[] treeParents;

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
    cachePositions = new int[maxTokens];
    treeParents = new int[maxTokens];
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
   * Appends a token to the row begun last, which has no tree; positions ascend by one.
   *
   * @return its index in the batch
   */
  int addToken(int tokenId, int position) {
    int row = numRows - 1;
    boolean isFirst = firstToken[row] == numTokens;
    if (!isFirst && (isInTree(numTokens - 1) || positions[numTokens - 1] != position - 1)) {
      throw new IllegalArgumentException(
          "row " + row + ": position " + position + " behind " + positions[numTokens - 1]);
    }
    int token = add(tokenId, position, position, NO_TREE);
    rowLength[row]++;
    return token;
  }

  /**
   * Appends a draft to the tree at the end of the row begun last, which has a token already.
   *
   * @param parent the token of an earlier draft of this tree, or the row's last token before it
   * @return its index in the batch
   */
  int addTreeToken(int tokenId, int parent) {
    int row = numRows - 1;
    int last = firstToken[row] + rowLength[row] - 1;
    if (parent < last || parent >= numTokens || rowLength[row] == 0) {
      throw new IllegalArgumentException(
          "row " + row + ": token " + numTokens + " with parent " + parent);
    }
    int cachePosition = cachePositions[numTokens - 1] + 1;
    return add(tokenId, positions[parent] + 1, cachePosition, parent == last ? ROOT : parent);
  }

  private int add(int tokenId, int position, int cachePosition, int treeParent) {
    if (tokenId < 0 || tokenId >= vocabularySize) {
      throw new IllegalArgumentException("token id " + tokenId + " of " + vocabularySize);
    }
    if (position < 0 || cachePosition > maxPosition) {
      throw new IllegalArgumentException("position " + cachePosition + " of " + (maxPosition + 1));
    }
    tokenIds[numTokens] = tokenId;
    positions[numTokens] = position;
    cachePositions[numTokens] = cachePosition;
    treeParents[numTokens] = treeParent;
    rowOfToken[numTokens] = numRows - 1;
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

  int cachePosition(int token) {
    return cachePositions[token];
  }

  boolean isInTree(int token) {
    return treeParents[token] != NO_TREE;
  }

  /**
   * Walks from the root of a token's tree down to it.
   *
   * @param path gets the cache positions of its ancestors in the tree and of itself, in this order
   * @return how many these are; the tokens before the tree are at the positions before
   */
  int pathTo(int token, int[] path) {
    int firstInTree = firstToken[rowOfToken[token]] + rowLength[rowOfToken[token]];
    int length = positions[token] - positions[firstInTree - 1];
    int i = length;
    for (int ancestor = token; ancestor != ROOT; ancestor = treeParents[ancestor]) {
      path[--i] = cachePositions[ancestor];
    }
    return length;
  }

  int[] blockTableOf(int token) {
    return blockTables[rowOfToken[token]];
  }

  int firstToken(int row) {
    return firstToken[row];
  }

  /** Tokens of the row before its tree. */
  int rowLength(int row) {
    return rowLength[row];
  }

  /** The first token that is not of the row, its tree counted in. */
  int endToken(int row) {
    return row + 1 < numRows ? firstToken[row + 1] : numTokens;
  }

  /** The token behind which logits row {@code index} is. */
  int logitToken(int index) {
    return logitToken[index];
  }
}
