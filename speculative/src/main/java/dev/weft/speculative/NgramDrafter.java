package dev.weft.speculative;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;

/**
 * Prompt lookup (A. Saxena, Prompt Lookup Decoding, 2023): what followed the last tokens when they
 * occurred before, will follow them again. Needs no model, and pays where output repeats its input:
 * summaries, answers with quotes, changed code.
 *
 * <p>Of the last tokens the longest n-gram that occurred earlier counts, and of its occurrences the
 * latest. The tokens behind that are proposed; where they run into the end of the sequence, those
 * proposed first are taken to be its continuation, as in LZ77, so that a period goes on:
 *
 * <pre>
 * x y a b c a b   last tokens (a b), seen at position 2: drafts c a b c a b …
 * </pre>
 *
 * <p>Each sequence has an index of its n-grams, which grows with it: a token costs as many look-ups
 * in a hash table as there are sizes, a proposal as many again, and nothing is ever searched. A
 * prompt is read when its sequence is first seen. Nothing is allocated once each place has held a
 * sequence as long as those to come.
 *
 * <p>Memory, in bytes: at most {@link #maxMemorySize}, which is reached when {@code
 * maxNumSequences} sequences of {@code windowSize} tokens live at a time; a sequence takes 32 to 64
 * for each token with three sizes. A sequence for which no place is left gets no drafts until
 * another one ends.
 *
 * <p>Not thread-safe: for the owner of the scheduler.
 */
public final class NgramDrafter implements Drafter {
  private final int maxNumDraftTokens;
  private final Places places;
  private final NgramIndex[] indexes;
  private final long maxMemorySize;
  private final Drafts drafts = new Drafts();
  private final int[] chain;

  private NgramDrafter(Builder builder, int checkMask) {
    maxNumDraftTokens = builder.maxNumDraftTokens;
    places = new Places(builder.maxNumSequences);
    indexes = new NgramIndex[builder.maxNumSequences];
    chain = new int[maxNumDraftTokens];
    int[] buffer = new int[NgramIndex.bufferLength(builder.maxNgramSize)];
    for (int i = 0; i < indexes.length; i++) {
      indexes[i] = new NgramIndex(builder.minNgramSize, builder.maxNgramSize, builder.windowSize,
          checkMask, buffer);
    }
    int numSizes = builder.maxNgramSize - builder.minNgramSize + 1;
    maxMemorySize = (long) Long.BYTES * indexes.length
        * NgramIndex.maxCapacity(numSizes, builder.windowSize);
  }

  /** N-grams of 2 to 4 tokens, 8 drafts, 256 sequences, a window of 32,768 tokens. */
  public static NgramDrafter create() {
    return builder().build();
  }

  public static Builder builder() {
    return new Builder();
  }

  @Override public int maxNumDraftTokens() {
    return maxNumDraftTokens;
  }

  @Override public void propose(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      int numDrafts = Math.min(maxNumDraftTokens, batch.maxNumDraftTokens(i));
      int place = numDrafts > 0 ? placeOf(batch.handle(i)) : Places.NONE;
      if (place != Places.NONE) {
        propose(batch, i, indexes[place], numDrafts);
      }
    }
  }

  private int placeOf(int handle) {
    int place = places.find(handle);
    return place == Places.NONE ? places.take(handle) : place;
  }

  private void propose(DraftBatch batch, int sequence, NgramIndex index, int numDrafts) {
    TokenSequence tokens = batch.tokens(sequence);
    int position = index.find(tokens);
    if (position == NgramIndex.NONE) {
      return;
    }
    int period = tokens.numTokens() - position;
    int numCopied = Math.min(period, numDrafts);
    tokens.copyTokens(position, chain, 0, numCopied);
    for (int i = numCopied; i < numDrafts; i++) {
      chain[i] = chain[i - period];
    }
    batch.propose(sequence, drafts.setChain(chain, numDrafts));
  }

  @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
    int place = places.find(sequence.handle());
    if (place != Places.NONE) {
      indexes[place].clear();
      places.giveBack(sequence.handle());
    }
  }

  /** Bytes of the indexes now, those of ended sequences included: they are used again. */
  public long memorySize() {
    long size = 0;
    for (NgramIndex index : indexes) {
      size += index.memorySize();
    }
    return size;
  }

  /** Most bytes that the indexes can come to take. */
  public long maxMemorySize() {
    return maxMemorySize;
  }

  /** Settings of a {@link NgramDrafter}; each is checked when it is built. */
  public static final class Builder {
    private static final int MAX_NGRAM_SIZE = 8;
    private int minNgramSize = 2;
    private int maxNgramSize = 4;
    private int maxNumDraftTokens = 8;
    private int maxNumSequences = 256;
    private int windowSize = 1 << 15;

    private Builder() {}

    /**
     * Fewest tokens that have to match, 1 to {@code maxNgramSize}; default 2. With 1 nearly every
     * sequence gets drafts in every step, most of them wrong.
     */
    public Builder minNgramSize(int value) {
      minNgramSize = value;
      return this;
    }

    /** Most tokens that are compared, 1 to 8; default 4. */
    public Builder maxNgramSize(int value) {
      maxNgramSize = value;
      return this;
    }

    /** Most drafts of a sequence, 1 to 1,024; default 8. */
    public Builder maxNumDraftTokens(int value) {
      maxNumDraftTokens = value;
      return this;
    }

    /**
     * Most sequences that live at a time and get drafts, 1 to 65,536; default 256. Should be the
     * scheduler's limit of running sequences, and a few more for those that were preempted.
     */
    public Builder maxNumSequences(int value) {
      maxNumSequences = value;
      return this;
    }

    /**
     * Most tokens of a sequence that are looked at, 64 to 2^24; default 32,768. When there are
     * more, all but the last {@code windowSize / 2} are forgotten, which are entered again.
     */
    public Builder windowSize(int value) {
      windowSize = value;
      return this;
    }

    /** @throws IllegalArgumentException names the setting that is out of range, and the range */
    public NgramDrafter build() {
      return build(-1);
    }

    /** With fewer bits of hash, so that n-grams collide. */
    NgramDrafter build(int checkMask) {
      Ranges.check("maxNgramSize", maxNgramSize, 1, MAX_NGRAM_SIZE);
      Ranges.check("minNgramSize", minNgramSize, 1, maxNgramSize);
      Ranges.check("maxNumDraftTokens", maxNumDraftTokens, 1, 1024);
      Ranges.check("maxNumSequences", maxNumSequences, 1, 1 << 16);
      Ranges.check("windowSize", windowSize, 64, 1 << 24);
      return new NgramDrafter(this, checkMask);
    }
  }
}
