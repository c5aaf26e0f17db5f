package dev.weft.speculative;

/** The nodes of one level of all trees that are to be expanded, for a {@link TreeExpander}. */
public interface TreeLevel {
  /** Tokens between the last known one and the nodes: 0 for roots, which are that token. */
  int depth();

  int numNodes();

  /** Index in the batch of the node's sequence. */
  int sequence(int node);

  /** The node's token; of a root the last known one. */
  int token(int node);

  /** Names the node within its tree until the next batch: 0 or more, and -1 for a root. */
  int id(int node);

  /** The {@link #id} of the node before it; -1 for roots and what follows them. */
  int parentId(int node);

  /**
   * Adds a token that may follow. One that is no better than all that the tree will keep is
   * dropped at once; so is one that the node has, one outside the vocabulary, and one whose
   * probability is no number or not above 0. Above 1 is taken for 1.
   *
   * @param probability how likely it is that the target goes on with it, given this node
   */
  void addChild(int node, int token, float probability);
}
