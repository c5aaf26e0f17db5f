package dev.weft.pagedkv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import org.junit.jupiter.api.Test;

class PagedKvCacheTest {
  private final PagedKvCache cache = PagedKvCache.builder()
      .layout(KvLayout.fullAttention(4))
      .numBlocks(9)
      .maxNumSequences(4)
      .maxNumHolders(3)
      .maxNumBlocksPerSequence(8)
      .build();

  @Test
  void aReleasedPrefixIsFoundAgainButNotItsLastToken() {
    cache.open(0, KvNamespace.PLAIN, true);
    compute(0, tokens(12));
    cache.release(0);

    cache.open(1, KvNamespace.PLAIN, true);
    assertThat(cache.match(1, tokens(12), 12)).isEqualTo(8);
    assertThat(cache.match(1, tokens(13), 13)).isEqualTo(12);
    assertThat(cache.numBlocksNeeded(1, 12, 13)).isEqualTo(4);
    assertThat(cache.reserve(1, 12, 13)).isTrue();
    assertThat(cache.numFreeBlocks()).isEqualTo(4);
  }

  @Test
  void whoWritesASharedBlockGetsACopy() {
    cache.open(0, KvNamespace.PLAIN, true);
    compute(0, tokens(6));
    cache.open(1, KvNamespace.PLAIN, true);
    cache.fork(0, 1, 6);

    assertThat(cache.numBlocksNeeded(1, 6, 7)).isEqualTo(1);
    assertThat(cache.reserve(1, 6, 7)).isTrue();
    assertThat(cache.numCopies()).isEqualTo(1);
    assertThat(cache.copySource(0)).isEqualTo(cache.block(0, 1));
    assertThat(cache.copyTarget(0)).isEqualTo(cache.block(1, 1));
    assertThat(cache.block(0, 0)).isEqualTo(cache.block(1, 0));
  }

  private void compute(int sequence, TokenSequence tokens) {
    int start = cache.match(sequence, tokens, tokens.numTokens());
    assertThat(cache.reserve(sequence, start, tokens.numTokens())).isTrue();
    cache.commit(sequence, tokens, tokens.numTokens());
  }

  private static TokenSequence tokens(int numTokens) {
    return new TokenSequence() {
      @Override public int numTokens() {
        return numTokens;
      }

      @Override public int token(int position) {
        return position * 7 % 11;
      }

      @Override public void copyTokens(int position, int[] target, int offset, int count) {
        for (int i = 0; i < count; i++) {
          target[offset + i] = token(position + i);
        }
      }
    };
  }
}
