package dev.weft.pagedkv;

import static dev.weft.pagedkv.Texts.compute;
import static dev.weft.pagedkv.Texts.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.testkit.KvCacheConfig;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How much of a long prompt is looked at when it is matched again. */
class MatchTest {
  private static final int NUM_BLOCKS = 1000;
  private static final int NUM_TOKENS = 4 * NUM_BLOCKS;
  private static final KvCacheConfig CONFIG = new KvCacheConfig(
      NUM_BLOCKS, 4, 4, 4, NUM_BLOCKS, true, EvictionRank.LEAST_RECENTLY_USED);

  /** Counts the blocks that are read. */
  private static final class CountedText implements TokenSequence {
    private final TokenSequence text = text(0, NUM_TOKENS);
    private int numBlocksRead;

    @Override
    public int numTokens() {
      return text.numTokens();
    }

    @Override
    public int token(int position) {
      return text.token(position);
    }

    @Override
    public void copyTokens(int position, int[] target, int offset, int numTokens) {
      numBlocksRead += numTokens / 4;
      text.copyTokens(position, target, offset, numTokens);
    }
  }

  private final PagedKvCache cache = KvCaches.builder(CONFIG).build();
  private final CountedText text = new CountedText();

  @BeforeEach
  void aLongPromptIsCachedAndAnotherSequenceWaitsWithIt() {
    compute(cache, 0, text(0, NUM_TOKENS));
    cache.open(1, KvNamespace.PLAIN, true);
    assertThat(cache.match(1, text, NUM_TOKENS)).isEqualTo(NUM_TOKENS - 4);
    assertThat(text.numBlocksRead).isEqualTo(NUM_BLOCKS - 1);
    text.numBlocksRead = 0;
  }

  @Test
  void whoWaitsReadsNothingTwice() {
    assertThat(cache.match(1, text, NUM_TOKENS)).isEqualTo(NUM_TOKENS - 4);
    assertThat(cache.match(1, text, 400)).isEqualTo(396);
    assertThat(text.numBlocksRead).isZero();
  }

  @Test
  void whoWasPreemptedReadsNothingOfWhatItGaveBack() {
    cache.release(0);
    assertThat(cache.match(0, text, NUM_TOKENS)).isEqualTo(NUM_TOKENS - 4);
    assertThat(text.numBlocksRead).isZero();
  }

  @Test
  void whoLosesItsLastBlocksReadsOnlyTheOnesNearby() {
    cache.release(0);
    cache.open(2, new KvNamespace("other", 0, ""), true);
    cache.reserve(2, 0, 80);
    assertThat(cache.match(1, text, NUM_TOKENS)).isEqualTo(NUM_TOKENS - 80);
    assertThat(text.numBlocksRead).isBetween(1, 200);
  }

  @Test
  void whoLosesMostOfItsBlocksStartsAgain() {
    cache.release(0);
    cache.open(2, new KvNamespace("other", 0, ""), true);
    cache.reserve(2, 0, 3600);
    assertThat(cache.match(1, text, NUM_TOKENS)).isEqualTo(400);
    assertThat(text.numBlocksRead).isBetween(101, 100 + BlocksAhead.MAX_NUM_BLOCKS);
  }

  @Test
  void whoFindsNothingReadsOneBlock() {
    cache.open(2, new KvNamespace("other", 0, ""), true);
    assertThat(cache.match(2, text, NUM_TOKENS)).isZero();
    assertThat(text.numBlocksRead).isEqualTo(1);
  }

  @Test
  void theNeedOfALongMatchCountsItsIdleBlocks() {
    assertThat(cache.numBlocksNeeded(1, NUM_TOKENS - 4, NUM_TOKENS)).isEqualTo(1);
    cache.truncate(0, 2800);
    assertThat(cache.numBlocksNeeded(1, NUM_TOKENS - 4, NUM_TOKENS)).isEqualTo(300);
    cache.release(0);
    assertThat(cache.numBlocksNeeded(1, NUM_TOKENS - 4, NUM_TOKENS)).isEqualTo(NUM_BLOCKS);
  }
}
