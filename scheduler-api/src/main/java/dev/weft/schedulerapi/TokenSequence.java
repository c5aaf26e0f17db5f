package dev.weft.schedulerapi;

/** Token ids by position, readable only during the call that hands it out. */
public interface TokenSequence {
  /** Number of tokens whose ids are known. */
  int numTokens();

  /** The id at a position, 0 to {@code numTokens() - 1}. */
  int token(int position);

  /** Copies {@code numTokens} ids from {@code position} on into {@code target[offset…]}. */
  void copyTokens(int position, int[] target, int offset, int numTokens);
}
