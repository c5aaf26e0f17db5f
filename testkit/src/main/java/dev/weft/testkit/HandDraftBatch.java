package dev.weft.testkit;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A batch for a {@link Drafter}, written by hand. What it hands out is dead when the drafter
 * returns.
 */
final class HandDraftBatch implements DraftBatch {
  private final List<Sequence> sequences = new ArrayList<>();
  private boolean isOver;

  /** Appends a sequence. */
  HandDraftBatch with(int handle, int maxNumDraftTokens, int... tokens) {
    sequences.add(new Sequence(handle, maxNumDraftTokens, tokens));
    return this;
  }

  /** Shows the batch to the drafter once and returns what it proposes, by sequence. */
  int[][] proposalsOf(Drafter drafter) {
    drafter.propose(this);
    isOver = true;
    return sequences.stream().map(sequence -> sequence.drafts).toArray(int[][]::new);
  }

  @Override public int numSequences() {
    return alive().size();
  }

  @Override public int vocabularySize() {
    alive();
    return Integer.MAX_VALUE;
  }

  @Override public int handle(int index) {
    return alive().get(index).handle;
  }

  @Override public TokenSequence tokens(int index) {
    return alive().get(index);
  }

  @Override public int maxNumDraftTokens(int index) {
    return alive().get(index).maxNumDraftTokens;
  }

  @Override public SequenceView sequence(int index) {
    throw new UnsupportedOperationException("a batch written by hand has no sequences");
  }

  @Override public SamplingParameters sampling(int index) {
    alive();
    return SamplingParameters.greedy(1);
  }

  @Override public long seed(int index) {
    return alive().get(index).handle;
  }

  @Override public boolean takesTrees() {
    return true;
  }

  @Override public DraftAnswer propose(int index, Drafts drafts) {
    int[] tokens = new int[drafts.numDrafts()];
    Arrays.setAll(tokens, drafts::token);
    alive().get(index).drafts = tokens;
    return DraftAnswer.TAKEN;
  }

  private List<Sequence> alive() {
    if (isOver) {
      throw new AssertionError("the batch was kept and used after the call that handed it out");
    }
    return sequences;
  }

  /** One sequence and what is proposed for it. */
  private final class Sequence implements TokenSequence {
    private final int handle;
    private final int maxNumDraftTokens;
    private final int[] tokens;
    private int[] drafts = {};

    private Sequence(int handle, int maxNumDraftTokens, int[] tokens) {
      this.handle = handle;
      this.maxNumDraftTokens = maxNumDraftTokens;
      this.tokens = tokens.clone();
    }

    @Override public int numTokens() {
      alive();
      return tokens.length;
    }

    @Override public int token(int position) {
      alive();
      return tokens[position];
    }

    @Override public void copyTokens(int position, int[] target, int offset, int numTokens) {
      alive();
      System.arraycopy(tokens, position, target, offset, numTokens);
    }
  }
}
