package dev.weft.speculative;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.testkit.HandDraftBatch;
import dev.weft.testkit.SplitMix;

/**
 * Sequences of repetitive text that grow by 1 to 4 tokens a step and, when they are as long as they
 * may be, end and begin again. It allocates nothing.
 */
final class SteadyBatch implements DraftBatch {
  private static final int NUM_PROMPT_TOKENS = 200;
  private final int[][] texts;
  private final int[] numTokens;
  private final Text[] views;
  private final SequenceView[] sequences;
  private final boolean takesTrees;
  private long numDrafted;

  SteadyBatch(int numSequences, int maxNumTokens, boolean takesTrees) {
    this.takesTrees = takesTrees;
    texts = new int[numSequences][maxNumTokens];
    numTokens = new int[numSequences];
    views = new Text[numSequences];
    sequences = new SequenceView[numSequences];
    SplitMix random = new SplitMix(7);
    for (int i = 0; i < numSequences; i++) {
      for (int j = 0; j < maxNumTokens; j++) {
        int back = random.oneOf(3, 17, 150);
        boolean isRepeated = random.below(5) > 0 && j >= back;
        texts[i][j] = isRepeated ? texts[i][j - back] : random.below(500);
      }
      views[i] = new Text(i);
      numTokens[i] = NUM_PROMPT_TOKENS;
      sequences[i] = new HandDraftBatch().withPrompt(i, 1, NUM_PROMPT_TOKENS, texts[i]).sequence(0);
    }
  }

  /** One step of all sequences. */
  void step(Drafter drafter) {
    drafter.propose(this);
    for (int i = 0; i < texts.length; i++) {
      numTokens[i] += 1 + (numTokens[i] + i) % 4;
      if (numTokens[i] > texts[i].length) {
        numTokens[i] = texts[i].length;
        drafter.onFinish(sequences[i], views[i]);
        numTokens[i] = NUM_PROMPT_TOKENS;
      }
    }
  }

  /** Drafts taken so far. */
  long numDrafted() {
    return numDrafted;
  }

  @Override public int numSequences() {
    return texts.length;
  }

  @Override public int vocabularySize() {
    return 500;
  }

  @Override public int handle(int index) {
    return index;
  }

  @Override public SequenceView sequence(int index) {
    return sequences[index];
  }

  @Override public SamplingParameters sampling(int index) {
    throw new UnsupportedOperationException("nobody samples");
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
    return takesTrees;
  }

  @Override public DraftAnswer propose(int index, Drafts drafts) {
    numDrafted += drafts.numDrafts();
    return DraftAnswer.TAKEN;
  }

  /** The tokens of one sequence so far. */
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
