package dev.weft.testkit;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SequenceView;
import java.util.List;
import java.util.Map;

/**
 * Knows what sequences will say, and drafts it up to a wrong token: first all wrong, then one
 * right, and so on. Where trees are taken, other tokens stand beside the right ones, before or
 * behind them.
 */
final class KnowingDrafter implements Drafter {
  private final int maxNumDraftTokens;
  private final Map<LosslessRun.Sample, List<Integer>> outputs;
  private final Drafts drafts = new Drafts();
  private int numProposals;

  KnowingDrafter(int maxNumDraftTokens, Map<LosslessRun.Sample, List<Integer>> outputs) {
    this.maxNumDraftTokens = maxNumDraftTokens;
    this.outputs = outputs;
  }

  @Override public int maxNumDraftTokens() {
    return maxNumDraftTokens;
  }

  @Override public void propose(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      int numRight = numProposals++ % (maxNumDraftTokens + 2);
      fill(batch, i, numRight);
      batch.propose(i, drafts);
    }
  }

  private void fill(DraftBatch batch, int index, int numRight) {
    SequenceView sequence = batch.sequence(index);
    List<Integer> output = outputs.getOrDefault(
        new LosslessRun.Sample(sequence.requestId(), sequence.sampleIndex()), List.of());
    int first = batch.tokens(index).numTokens() - sequence.numPromptTokens();
    int most = batch.maxNumDraftTokens(index);
    int parent = Drafts.ROOT;
    drafts.clear();
    for (int level = 0; drafts.numDrafts() < most; level++) {
      boolean isKnown = first + level < output.size();
      int right = isKnown ? output.get(first + level) : 0;
      int wrong = (right + 1) % batch.vocabularySize();
      int token = isKnown && level < numRight ? right : wrong;
      boolean branches = batch.takesTrees() && drafts.numDrafts() + 1 < most;
      if (branches && (numProposals + level) % 2 == 0) {
        drafts.add((token + 2) % batch.vocabularySize(), parent);
      }
      int next = drafts.numDrafts();
      drafts.add(token, parent);
      if (branches && (numProposals + level) % 3 == 0 && drafts.numDrafts() < most) {
        drafts.add((token + 3) % batch.vocabularySize(), parent);
      }
      parent = next;
    }
  }
}
