package dev.weft.speculative;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;

/**
 * Drafts trees within a budget of nodes (Li et al., EAGLE-2: Faster Inference of Language Models
 * with Dynamic Draft Trees, EMNLP 2024). Level by level the most probable nodes are expanded by a
 * {@link TreeExpander}; of all nodes those of the largest path probability are proposed. So a sure
 * path becomes a long chain, an unsure one a broad tree. A level none of whose nodes is among the
 * best is not expanded any more.
 *
 * <p>Siblings are different tokens without a distribution: under rejection sampling each counts as
 * certain. Where the executor verifies chains alone, the most probable child of each level is
 * proposed.
 */
public final class TreeDrafter implements Drafter {
  private final TreeExpander expander;
  private final int maxNumDraftTokens;
  private final Drafts drafts = new Drafts();
  private final Level level = new Level();

  /** By index in the batch; grows. */
  private DraftTree[] trees = {};

  /**
   * @param expander          closed with this
   * @param maxNumDraftTokens most nodes of a tree, 1 or more
   */
  public TreeDrafter(TreeExpander expander, int maxNumDraftTokens) {
    if (maxNumDraftTokens < 1) {
      throw new IllegalArgumentException(
          "maxNumDraftTokens is " + maxNumDraftTokens + ", must be 1 or more");
    }
    this.expander = expander;
    this.maxNumDraftTokens = maxNumDraftTokens;
  }

  @Override public int maxNumDraftTokens() {
    return maxNumDraftTokens;
  }

  @Override public void propose(DraftBatch batch) {
    int numSequences = batch.numSequences();
    if (numSequences == 0) {
      return;
    }
    begin(batch);
    expander.begin(batch);
    for (int depth = 0; depth < expander.maxDepth(); depth++) {
      level.collect(batch, depth);
      if (level.numNodes == 0) {
        break;
      }
      expander.expand(batch, level);
    }
    for (int i = 0; i < numSequences; i++) {
      trees[i].writeTo(drafts);
      if (drafts.numDrafts() > 0) {
        batch.propose(i, drafts);
      }
    }
  }

  private void begin(DraftBatch batch) {
    int numTrees = trees.length;
    if (numTrees < batch.numSequences()) {
      trees = Arrays.copyOf(trees, Math.max(batch.numSequences(), 2 * numTrees));
      for (int i = numTrees; i < trees.length; i++) {
        trees[i] = new DraftTree();
      }
    }
    for (int i = 0; i < batch.numSequences(); i++) {
      int room = Math.min(maxNumDraftTokens, batch.maxNumDraftTokens(i));
      trees[i].begin(Math.max(0, room), !batch.takesTrees());
    }
    level.vocabularySize = batch.vocabularySize();
  }

  @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
    expander.onFinish(sequence, tokens);
  }

  @Override public void close() {
    expander.close();
  }

  /** The nodes being expanded. */
  private final class Level implements TreeLevel {
    private int vocabularySize;
    private int depth;
    private int numNodes;
    private int[] sequences = new int[16];
    private int[] nodes = new int[16];
    private int[] rootTokens = new int[16];

    /** Lists the best nodes of a depth of all trees. */
    private void collect(DraftBatch batch, int newDepth) {
      depth = newDepth;
      numNodes = 0;
      for (int i = 0; i < batch.numSequences(); i++) {
        if (depth == 0 && batch.maxNumDraftTokens(i) > 0) {
          add(i, DraftTree.ROOT, batch.tokens(i).token(batch.tokens(i).numTokens() - 1));
        } else if (depth > 0) {
          collect(i);
        }
      }
    }

    private void collect(int sequence) {
      int node = trees[sequence].nextBest(depth, DraftTree.ROOT);
      for (int n = 0; n < expander.maxNumExpanded() && node != DraftTree.ROOT; n++) {
        add(sequence, node, 0);
        node = trees[sequence].nextBest(depth, node);
      }
    }

    private void add(int sequence, int node, int rootToken) {
      if (numNodes == nodes.length) {
        sequences = Arrays.copyOf(sequences, 2 * numNodes);
        nodes = Arrays.copyOf(nodes, 2 * numNodes);
        rootTokens = Arrays.copyOf(rootTokens, 2 * numNodes);
      }
      sequences[numNodes] = sequence;
      nodes[numNodes] = node;
      rootTokens[numNodes++] = rootToken;
    }

    @Override public int depth() {
      return depth;
    }

    @Override public int numNodes() {
      return numNodes;
    }

    @Override public int sequence(int node) {
      return sequences[node];
    }

    @Override public int token(int node) {
      return depth == 0 ? rootTokens[node] : trees[sequences[node]].token(nodes[node]);
    }

    @Override public int id(int node) {
      return nodes[node];
    }

    @Override public int parentId(int node) {
      return trees[sequences[node]].parent(nodes[node]);
    }

    @Override public void addChild(int node, int token, float probability) {
      if (token >= 0 && token < vocabularySize) {
        trees[sequences[node]].add(nodes[node], token, probability);
      }
    }
  }
}
