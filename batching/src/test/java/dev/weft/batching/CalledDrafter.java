package dev.weft.batching;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A drafter that does what it is told to, and notes who ended when it is to. */
final class CalledDrafter implements Drafter {
  /** Value of {@link #maxNumDraftTokens} with which asking for it throws. */
  static final int THROWS = -1;
  Consumer<DraftBatch> proposer = batch -> { };
  int maxNumDraftTokens = 1 << 10;
  boolean notesEnds;
  final List<String> ended = new ArrayList<>();

  @Override public int maxNumDraftTokens() {
    if (maxNumDraftTokens == THROWS) {
      throw new IllegalStateException("does not know how many");
    }
    return maxNumDraftTokens;
  }

  @Override public void propose(DraftBatch batch) {
    proposer.accept(batch);
  }

  @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
    if (notesEnds) {
      ended.add(sequence + " with " + tokens.numTokens());
    }
  }
}
