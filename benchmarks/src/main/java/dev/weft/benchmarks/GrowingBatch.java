package dev.weft.benchmarks;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;

/** Sequences that show more and more of given texts, 1 to 4 tokens more in each step. */
final class GrowingBatch implements DraftBatch {
  private static final int MAX_GROWTH = 4;

  private final int[][] texts;
  private final int[] numTokens;
  private final TokenSequence[] views;
  private long numDrafts;
  private long numProposals;

  GrowingBatch(int[][] texts, int numTokensShown) {
    this.texts = texts;
    numTokens = new int[texts.length];
    views = new TokenSequence[texts.length];
    for (int i = 0; i < texts.length; i++) {
      numTokens[i] = numTokensShown + i % MAX_GROWTH;
      views[i] = new Text(i);
    }
  }

  /** Each sequence gets 1, 2, 3, 4 tokens, in turn; 2.5 on average. */
  void grow(int step) {
    for (int i = 0; i < numTokens.length; i++) {
      numTokens[i] += 1 + (step + i) % MAX_GROWTH;
    }
  }

  /** Drafts proposed so far. */
  long numDrafts() {
    return numDrafts;
  }

  /** How often drafts were proposed. */
  long numProposals() {
    return numProposals;
  }

  @Override public int numSequences() {
    return texts.length;
  }

  @Override public int vocabularySize() {
    return Integer.MAX_VALUE;
  }

  @Override public int handle(int index) {
    return index;
  }

  @Override public SequenceView sequence(int index) {
    throw new UnsupportedOperationException("the drafters measured look at tokens alone");
  }

  @Override public SamplingParameters sampling(int index) {
    throw new UnsupportedOperationException("the drafters measured do not sample");
  }

  @Override public long seed(int index) {
    return index;
  }

  @Override public TokenSequence tokens(int index) {
    return views[index];
  }

  @Override public int maxNumDraftTokens(int index) {
    return 8;
  }

  @Override public boolean takesTrees() {
    return false;
  }

  @Override public DraftAnswer propose(int index, Drafts drafts) {
    numDrafts += drafts.numDrafts();
    numProposals++;
    return DraftAnswer.TAKEN;
  }

  /** The tokens shown of one text. */
  private final class Text implements TokenSequence {
    private final int index;

    private Text(int index) {
      this.index = index;
    }

    @Override public int numTokens() {
      return numTokens[index];
    }

    @Override public int token(int position) {
      return texts[index][position];
    }

    @Override public void copyTokens(int position, int[] target, int offset, int numCopied) {
      System.arraycopy(texts[index], position, target, offset, numCopied);
    }
  }
}
