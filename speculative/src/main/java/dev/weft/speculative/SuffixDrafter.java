package dev.weft.speculative;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;

/**
 * Suffix decoding (G. Oliaro et al., SuffixDecoding: Extreme Speculative Decoding for Emerging AI
 * Applications, NeurIPS 2025): continues the last tokens as they were continued before, in the
 * prompt and output of the same sequence or in outputs that are finished, and drafts more where
 * this is likelier. Needs no model, and pays where work repeats itself: agents, code, many answers
 * to like questions.
 *
 * <p>Whatever number p of last tokens occurred before is a candidate: up to {@code p x
 * lengthFactor + lengthOffset} tokens are drafted, each the one that followed most often, while the
 * estimated probability of the path so far, a product of counts divided by counts, is not below
 * {@code minProbability}. The candidate whose probabilities have the greatest sum is proposed; of
 * equal ones that of the own sequence, then that with the longer match. Where the executor takes
 * trees, a candidate is the tree of as many likeliest tokens, with up to four children each.
 *
 * <p>Instead of suffix trees it keeps suffix automata, which hold the same counts and take a token
 * in constant time: see {@code SuffixAutomaton}. A token costs some ten cache lines, a proposal one
 * for each token looked at. A prompt is read when its sequence is first seen, an output once more
 * when it ends. Nothing is allocated once each place has held a sequence as long as those to come
 * and the shared outputs were full.
 *
 * <p>Memory, in bytes: some 100 for each token of live sequences, and of at most {@code
 * maxNumSharedTokens} tokens of finished outputs, the oldest of which are forgotten when there are
 * more, up to half of all at a time. At most {@link #maxMemorySize}. A sequence for which no place
 * is left gets no drafts until another one ends.
 *
 * <p>Finished outputs serve all requests alike: whoever can time his own answers may learn what
 * was answered to others. Where that matters, keep none: {@code maxNumSharedTokens(0)}.
 *
 * <p>Not thread-safe: for the owner of the scheduler.
 */
public final class SuffixDrafter implements Drafter {
  private static final int CHUNK_SIZE = 256;

  private final int maxNumDraftTokens;
  private final int windowSize;
  private final int maxMatchLength;
  private final long maxMemorySize;
  private final Places places;
  private final SharedOutputs shared;
  private final SuffixSearch search;
  private final int[] buffer;
  private final Drafts drafts = new Drafts();
  /** By place. */
  private final SuffixAutomaton[] automata;
  /** By place: the first token in the automaton, and the first that is not in it yet. */
  private final int[] bases;
  private final int[] ends;

  private SuffixDrafter(SuffixDrafterBuilder builder) {
    maxNumDraftTokens = builder.maxNumDraftTokens;
    windowSize = builder.windowSize;
    maxMatchLength = builder.maxMatchLength;
    maxMemorySize = builder.maxNumSequences * SuffixAutomaton.maxMemorySize(windowSize)
        + 2 * SuffixAutomaton.maxMemorySize(builder.maxNumSharedTokens / 2);
    buffer = new int[Math.max(CHUNK_SIZE, maxMatchLength)];
    places = new Places(builder.maxNumSequences);
    shared = new SharedOutputs(builder.maxNumSharedTokens, maxDepth(), maxMatchLength,
        builder.maxNumSequences, buffer);
    search = new SuffixSearch(maxNumDraftTokens, builder.lengthFactor, builder.lengthOffset,
        builder.minProbability);
    automata = new SuffixAutomaton[builder.maxNumSequences];
    for (int i = 0; i < automata.length; i++) {
      automata[i] = new SuffixAutomaton(maxDepth(), maxMatchLength);
    }
    bases = new int[automata.length];
    ends = new int[automata.length];
  }

  /** With the defaults of {@link SuffixDrafterBuilder}. */
  public static SuffixDrafter create() {
    return builder().build();
  }

  public static SuffixDrafterBuilder builder() {
    return new SuffixDrafterBuilder();
  }

  static SuffixDrafter of(SuffixDrafterBuilder checked) {
    return new SuffixDrafter(checked);
  }

  /** A longest match and as many drafts behind it as there may be. */
  private int maxDepth() {
    return maxMatchLength + maxNumDraftTokens;
  }

  @Override public int maxNumDraftTokens() {
    return maxNumDraftTokens;
  }

  @Override public void propose(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      int numDrafts = Math.min(maxNumDraftTokens, batch.maxNumDraftTokens(i));
      int place = numDrafts > 0 ? placeOf(batch.handle(i)) : Places.NONE;
      if (place != Places.NONE) {
        append(place, batch.tokens(i));
        search.begin(numDrafts, batch.takesTrees());
        search.search(automata[place], automata[place].endMatch());
        shared.search(search, place);
        if (search.write(drafts)) {
          batch.propose(i, drafts);
        }
      }
    }
  }

  private int placeOf(int handle) {
    int place = places.find(handle);
    return place == Places.NONE ? places.take(handle) : place;
  }

  /** Takes in the tokens that are new. */
  private void append(int place, TokenSequence tokens) {
    int numTokens = tokens.numTokens();
    if (numTokens < ends[place]) {
      forget(place);
    }
    shared.extend(place, tokens, ends[place]);
    if (numTokens - bases[place] > windowSize) {
      automata[place].clear();
      bases[place] = numTokens - windowSize / 2;
      ends[place] = bases[place];
    }
    for (int position = ends[place]; position < numTokens; position += CHUNK_SIZE) {
      int length = Math.min(CHUNK_SIZE, numTokens - position);
      tokens.copyTokens(position, buffer, 0, length);
      for (int i = 0; i < length; i++) {
        automata[place].append(buffer[i]);
      }
    }
    ends[place] = numTokens;
  }

  private void forget(int place) {
    automata[place].clear();
    shared.clear(place);
    bases[place] = 0;
    ends[place] = 0;
  }

  /** Takes the output in, in O(its length), also that of a sequence that was never drafted. */
  @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
    int place = places.find(sequence.handle());
    if (place != Places.NONE) {
      forget(place);
      places.giveBack(sequence.handle());
    }
    shared.learn(tokens, sequence.numPromptTokens());
  }

  /** Bytes of all automata now, those of ended sequences included: they are used again. */
  public long memorySize() {
    long size = shared.memorySize();
    for (SuffixAutomaton automaton : automata) {
      size += automaton.memorySize();
    }
    return size;
  }

  /** Most bytes that the automata can come to take. */
  public long maxMemorySize() {
    return maxMemorySize;
  }
}
