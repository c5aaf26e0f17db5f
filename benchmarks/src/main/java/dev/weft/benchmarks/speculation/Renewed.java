package dev.weft.benchmarks.speculation;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.function.Supplier;

/** A drafter that can be exchanged for a new one between two runs. */
final class Renewed implements Drafter {
  private final Supplier<Drafter> drafters;
  private Drafter drafter;

  Renewed(Supplier<Drafter> drafters) {
    this.drafters = drafters;
    drafter = drafters.get();
  }

  void renew() {
    drafter.close();
    drafter = drafters.get();
  }

  @Override public int maxNumDraftTokens() {
    return drafter.maxNumDraftTokens();
  }

  @Override public void propose(DraftBatch batch) {
    drafter.propose(batch);
  }

  @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
    drafter.onFinish(sequence, tokens);
  }

  @Override public void close() {
    drafter.close();
  }
}
