package dev.weft.speculative;

import dev.weft.schedulerapi.Drafter;
import dev.weft.testkit.GrowingDraftBatch;
import dev.weft.testkit.SplitMix;

/**
 * Sequences of repetitive text that grow by 1 to 4 tokens a step and, when they are as long as they
 * may be, end and begin again. It allocates nothing.
 */
final class SteadyBatch {
  private static final int NUM_PROMPT_TOKENS = 200;
  private static final int VOCABULARY_SIZE = 500;
  private final GrowingDraftBatch batch;
  private final int maxNumTokens;

  SteadyBatch(int numSequences, int maxNumTokens, boolean takesTrees) {
    this.maxNumTokens = maxNumTokens;
    batch = new GrowingDraftBatch(NUM_PROMPT_TOKENS, 8, texts(numSequences, maxNumTokens))
        .vocabularySize(VOCABULARY_SIZE);
    if (!takesTrees) {
      batch.chainsAlone();
    }
  }

  private static int[][] texts(int numSequences, int numTokens) {
    int[][] texts = new int[numSequences][numTokens];
    SplitMix random = new SplitMix(7);
    for (int[] text : texts) {
      for (int j = 0; j < numTokens; j++) {
        int back = random.oneOf(3, 17, 150);
        boolean isRepeated = random.below(5) > 0 && j >= back;
        text[j] = isRepeated ? text[j - back] : random.below(VOCABULARY_SIZE);
      }
    }
    return texts;
  }

  /** One step of all sequences. */
  void step(Drafter drafter) {
    drafter.propose(batch);
    for (int i = 0; i < batch.numSequences(); i++) {
      int numBefore = batch.tokens(i).numTokens();
      int numTokens = numBefore + 1 + (numBefore + i) % 4;
      batch.setNumTokens(i, Math.min(numTokens, maxNumTokens));
      if (numTokens > maxNumTokens) {
        drafter.onFinish(batch.sequence(i), batch.tokens(i));
        batch.setNumTokens(i, NUM_PROMPT_TOKENS);
      }
    }
  }

  /** Drafts taken so far. */
  long numDrafted() {
    return batch.numDrafts();
  }
}
