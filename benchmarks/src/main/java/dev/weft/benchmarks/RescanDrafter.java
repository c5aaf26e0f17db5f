package dev.weft.benchmarks;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.TokenSequence;

/**
 * The baseline: prompt lookup that goes through all tokens in each step, from the end, and stops at
 * a match of full size. It proposes what {@code NgramDrafter} proposes.
 */
final class RescanDrafter implements Drafter {
  private static final int MIN_SIZE = 2;
  private static final int MAX_SIZE = 4;
  private static final int MAX_NUM_DRAFTS = 8;

  private final int[] tokens = new int[1 << 16];
  private final int[] chain = new int[MAX_NUM_DRAFTS];
  private final Drafts drafts = new Drafts();

  @Override public int maxNumDraftTokens() {
    return MAX_NUM_DRAFTS;
  }

  @Override public void propose(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      TokenSequence sequence = batch.tokens(i);
      int numTokens = sequence.numTokens();
      sequence.copyTokens(0, tokens, 0, numTokens);
      int position = search(numTokens);
      if (position > 0) {
        for (int j = 0; j < MAX_NUM_DRAFTS; j++) {
          int source = position + j;
          chain[j] = source < numTokens ? tokens[source] : chain[source - numTokens];
        }
        batch.propose(i, drafts.setChain(chain, MAX_NUM_DRAFTS));
      }
    }
  }

  /** Position behind the longest match, the last of those; 0 for none. */
  private int search(int numTokens) {
    int found = 0;
    int foundSize = MIN_SIZE - 1;
    int last = tokens[numTokens - 1];
    for (int position = numTokens - 1; position >= MIN_SIZE && foundSize < MAX_SIZE; position--) {
      if (tokens[position - 1] == last) {
        int size = 1;
        while (size < MAX_SIZE && size < position
            && tokens[position - 1 - size] == tokens[numTokens - 1 - size]) {
          size++;
        }
        if (size > foundSize) {
          found = position;
          foundSize = size;
        }
      }
    }
    return found;
  }
}
