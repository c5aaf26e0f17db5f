package dev.weft.simulator;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.testkit.HashModel;
import dev.weft.testkit.SplitMix;

/**
 * Proposes draft tokens: the first ones right, as greedy decoding of the plain model goes on, then
 * wrong. Asks for any number of them, and for none now and then.
 */
final class DraftSource implements Drafter, DraftLengthPolicy {
  private final HashModel model;
  private final SplitMix random;
  private final int[] drafts;
  private final Drafts proposed = new Drafts();

  DraftSource(Scenario scenario, SplitMix random) {
    this.random = random;
    model = new HashModel(scenario.limits.vocabularySize());
    drafts = new int[scenario.limits.maxNumDraftTokens() + 2];
  }

  @Override public void choose(DraftLengths lengths) {
    for (int i = 0; i < lengths.numSequences(); i++) {
      if (random.below(4) > 0) {
        int most = lengths.maxNumDraftTokens(i);
        lengths.set(i, random.below(2) == 0 ? most : random.below(most + 1));
      }
    }
  }

  @Override public int maxNumDraftTokens() {
    return drafts.length - 2;
  }

  /** Proposes for about two of three sequences; more than can be verified now and then. */
  @Override public void propose(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      if (random.below(3) > 0) {
        int numDrafts = random.below(drafts.length + 1);
        fill(batch.tokens(i), numDrafts, random.below(numDrafts + 1));
        batch.propose(i, proposed.setChain(drafts, numDrafts));
      }
    }
  }

  private void fill(TokenSequence tokens, int numDrafts, int numRight) {
    HashModel.Context context = new HashModel.Context(0);
    for (int position = 0; position < tokens.numTokens(); position++) {
      context.append(tokens.token(position));
    }
    for (int i = 0; i < numDrafts; i++) {
      drafts[i] = i < numRight
          ? model.topToken(context.logits(), 0) : random.below(model.vocabularySize());
      context.append(drafts[i]);
    }
  }
}
