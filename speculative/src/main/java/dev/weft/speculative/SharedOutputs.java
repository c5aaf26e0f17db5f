package dev.weft.speculative;

import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;

/**
 * The suffixes of finished outputs, and for each live sequence how much of its end matches them.
 *
 * <p>Outputs are forgotten in the order in which they came, many at a time: there are two automata
 * of half the size. The newer one takes outputs until the next does not fit; then the older one is
 * emptied and becomes the newer. So counts never have to be taken back, which an automaton cannot
 * do. Of an output longer than half of all the end is taken.
 *
 * <p>A match grows by one with each token of its sequence, so an output that ends while a sequence
 * runs is matched with the tokens that the sequence gets from then on.
 */
final class SharedOutputs {
  private static final int NUM_HALVES = 2;

  private final int maxMatchLength;
  private final int halfSize;
  private final int[] buffer;
  private final SuffixAutomaton[] halves = new SuffixAutomaton[NUM_HALVES];
  /** By half: how often it was emptied, from 1 on, and the tokens in it. */
  private final int[] epochs = {1, 1};
  private final int[] numTokens = new int[NUM_HALVES];
  private int newer;
  /** By place and half: the match, and the epoch that it is of; 0 for none. */
  private final long[] matches;
  private final int[] matchEpochs;

  /** @param maxNumTokens of all outputs; 0 keeps none */
  SharedOutputs(int maxNumTokens, int maxDepth, int maxMatchLength, int maxNumSequences,
      int[] buffer) {
    this.maxMatchLength = maxMatchLength;
    this.buffer = buffer;
    halfSize = maxNumTokens / NUM_HALVES;
    for (int half = 0; half < NUM_HALVES; half++) {
      halves[half] = new SuffixAutomaton(maxDepth, maxMatchLength);
    }
    matches = new long[NUM_HALVES * maxNumSequences];
    matchEpochs = new int[NUM_HALVES * maxNumSequences];
  }

  /** Memory held, in bytes. */
  long memorySize() {
    return halves[0].memorySize() + halves[1].memorySize();
  }

  /** Forgets the matches of a place. */
  void clear(int place) {
    Arrays.fill(matchEpochs, NUM_HALVES * place, NUM_HALVES * (place + 1), 0);
  }

  /** Matches the tokens from a position on; those before were matched in earlier calls. */
  void extend(int place, TokenSequence tokens, int position) {
    for (int half = 0; half < NUM_HALVES; half++) {
      if (numTokens[half] > 0) {
        extend(place, half, tokens, position);
      }
    }
  }

  private void extend(int place, int half, TokenSequence tokens, int position) {
    int index = NUM_HALVES * place + half;
    int end = tokens.numTokens();
    int first = position;
    long match = matches[index];
    if (matchEpochs[index] != epochs[half] || end - position > maxMatchLength) {
      match = SuffixAutomaton.NO_MATCH;
      first = Math.max(0, end - maxMatchLength);
    }
    tokens.copyTokens(first, buffer, 0, end - first);
    for (int i = 0; i < end - first; i++) {
      match = halves[half].extend(match, buffer[i]);
    }
    matches[index] = match;
    matchEpochs[index] = epochs[half];
  }

  /** Looks behind the matches of a place, those with newer outputs first. */
  void search(SuffixSearch search, int place) {
    for (int i = 0; i < NUM_HALVES; i++) {
      int half = newer ^ i;
      int index = NUM_HALVES * place + half;
      if (matchEpochs[index] == epochs[half]) {
        search.search(halves[half], matches[index]);
      }
    }
  }

  /** Takes an output in: the tokens from {@code first} on. */
  void learn(TokenSequence tokens, int first) {
    int end = tokens.numTokens();
    int numLearned = Math.min(end - first, halfSize);
    if (numLearned == 0) {
      return;
    }
    if (numTokens[newer] + numLearned > halfSize) {
      newer ^= 1;
      halves[newer].clear();
      numTokens[newer] = 0;
      epochs[newer]++;
    }
    numTokens[newer] += numLearned;
    halves[newer].begin();
    for (int position = end - numLearned; position < end; position += buffer.length) {
      int length = Math.min(buffer.length, end - position);
      tokens.copyTokens(position, buffer, 0, length);
      for (int i = 0; i < length; i++) {
        halves[newer].append(buffer[i]);
      }
    }
  }
}
