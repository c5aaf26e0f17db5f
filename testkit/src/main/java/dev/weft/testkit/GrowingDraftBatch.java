package dev.weft.testkit;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;

/**
 * A batch that is shown to a drafter again and again: its sequences show more and more of given
 * texts. It takes all drafts, counts them and allocates nothing, so that a drafter's own garbage
 * and time can be measured; {@link HandDraftBatch} is for what a drafter must not do.
 */
public final class GrowingDraftBatch implements DraftBatch {
  private final Text[] sequences;
  private final int maxNumDraftTokens;
  private int vocabularySize = Integer.MAX_VALUE;
  private SamplingParameters sampling = SamplingParameters.greedy(1);
  private boolean takesTrees = true;
  private long numDrafts;
  private long numProposals;

  /**
   * Sequences of any vocabulary, whose handles are their indices, and that take trees.
   *
   * @param numPromptTokens   of each text; so many are shown at first
   * @param maxNumDraftTokens for each sequence
   * @param texts             read as they are, not copied
   * @throws IllegalArgumentException when {@code numPromptTokens} is below 1, or a text has fewer
   */
  public GrowingDraftBatch(int numPromptTokens, int maxNumDraftTokens, int[]... texts) {
    this.maxNumDraftTokens = maxNumDraftTokens;
    sequences = new Text[texts.length];
    Arrays.setAll(sequences, index -> new Text(index, numPromptTokens, texts[index]));
  }

  /** Token ids are 0 to this, exclusive. */
  public GrowingDraftBatch vocabularySize(int value) {
    vocabularySize = value;
    return this;
  }

  /** How all sequences are sampled; default greedy. */
  public GrowingDraftBatch sampling(SamplingParameters value) {
    sampling = value;
    return this;
  }

  /** Takes chains alone. */
  public GrowingDraftBatch chainsAlone() {
    takesTrees = false;
    return this;
  }

  /**
   * From now on a sequence shows so many tokens of its text; it may also become shorter.
   *
   * @throws IllegalArgumentException when it is none, or the text has fewer
   */
  public void setNumTokens(int index, int numTokens) {
    Text text = sequences[index];
    text.numTokens = text.check("numTokens", numTokens);
  }

  /** A sequence shows so many tokens more. */
  public void grow(int index, int numTokens) {
    setNumTokens(index, sequences[index].numTokens + numTokens);
  }

  /** Drafts proposed so far. */
  public long numDrafts() {
    return numDrafts;
  }

  /** How often drafts were proposed. */
  public long numProposals() {
    return numProposals;
  }

  @Override public int numSequences() {
    return sequences.length;
  }

  @Override public int vocabularySize() {
    return vocabularySize;
  }

  @Override public int handle(int index) {
    return index;
  }

  @Override public TokenSequence tokens(int index) {
    return sequences[index];
  }

  @Override public int maxNumDraftTokens(int index) {
    return maxNumDraftTokens;
  }

  @Override public SequenceView sequence(int index) {
    return sequences[index];
  }

  @Override public SamplingParameters sampling(int index) {
    return sampling;
  }

  @Override public long seed(int index) {
    return index;
  }

  @Override public boolean takesTrees() {
    return takesTrees;
  }

  @Override public DraftAnswer propose(int index, Drafts drafts) {
    numDrafts += drafts.numDrafts();
    numProposals++;
    return DraftAnswer.TAKEN;
  }

  /** What is shown of one text. */
  private static final class Text extends PlainSequence implements TokenSequence {
    private final int numPromptTokens;
    private final int[] tokens;
    private int numTokens;

    private Text(int handle, int numPromptTokens, int[] tokens) {
      super(handle);
      this.tokens = tokens;
      this.numPromptTokens = check("numPromptTokens", numPromptTokens);
      numTokens = numPromptTokens;
    }

    /** A sequence has a last token, and no more than its text. */
    private int check(String name, int count) {
      if (count < 1 || count > tokens.length) {
        throw new IllegalArgumentException(
            "sequence " + handle() + ": " + name + " is " + count + ", must be 1 to "
                + tokens.length);
      }
      return count;
    }

    @Override public int numPromptTokens() {
      return numPromptTokens;
    }

    @Override public int numTokens() {
      return numTokens;
    }

    @Override public int token(int position) {
      return tokens[position];
    }

    @Override public void copyTokens(int position, int[] target, int offset, int numCopied) {
      System.arraycopy(tokens, position, target, offset, numCopied);
    }
  }
}
