package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HashModelTest {
  private static final SamplingParameters GREEDY = SamplingParameters.greedy(9);
  private final HashModel model = new HashModel(1000);

  @Test void everyTokenOfTheContextMatters() {
    Set<Long> logits = new HashSet<>();
    logits.add(logits(0, 1, 2, 3, 4));
    logits.add(logits(0, 9, 2, 3, 4));
    logits.add(logits(0, 1, 2, 3, 9));
    logits.add(logits(0, 2, 1, 3, 4));
    logits.add(logits(0, 1, 2, 3));
    logits.add(logits(1, 1, 2, 3, 4));

    assertThat(logits).hasSize(6);
  }

  @Test void greedyIgnoresTheSeedAndSamplingDoesNot() {
    SamplingParameters sampled = SamplingParameters.sampled(9, 1, 0);

    assertThat(choose(GREEDY, 1, null)).isEqualTo(choose(GREEDY, 2, null));
    assertThat(choose(sampled, 1, null)).isNotEqualTo(choose(sampled, 2, null));
  }

  @Test void stopTokensAreWithheldAtFirst() {
    int first = choose(GREEDY, 0, null);
    SamplingParameters stops = SamplingParameters.builder().stopTokenIds(first, first + 1)
        .minNewTokens(1).build();

    assertThat(choose(stops, 0, null)).isEqualTo(first + 2);
    assertThat(model.choose(logits(0, 7), stops, 0, 0, 1, null)).isEqualTo(first);
  }

  @Test void aMaskLeavesTheNextPermittedTokenOrNothing() {
    long[] mask = new long[16];
    assertThat(choose(GREEDY, 0, mask)).isEqualTo(HashModel.NOTHING_PERMITTED);
    mask[3] = 1L << 5;
    assertThat(choose(GREEDY, 0, mask)).isEqualTo(197);
  }

  @Test void biasesForceAndBan() {
    int plain = choose(GREEDY, 0, null);
    SamplingParameters forced = SamplingParameters.builder().logitBias(Map.of(4, 100f, 5, 3f))
        .build();
    SamplingParameters banned = SamplingParameters.builder().logitBias(Map.of(plain, -100f))
        .build();

    assertThat(choose(forced, 0, null)).isEqualTo(4);
    assertThat(choose(banned, 0, null)).isEqualTo(plain + 1);
    long[] onlyTheBanned = new long[16];
    onlyTheBanned[plain >> 6] = 1L << plain;
    assertThat(choose(banned, 0, onlyTheBanned)).isEqualTo(plain);
  }

  @Test void logprobsDescendWithTheRank() {
    long logits = logits(0, 7);
    for (int rank = 1; rank < 5; rank++) {
      assertThat(model.logprob(logits, model.topToken(logits, rank)))
          .isNegative().isLessThanOrEqualTo(model.logprob(logits,
          model.topToken(logits, rank - 1)));
    }
    assertThat(model.topToken(logits, 0)).isEqualTo(choose(GREEDY, 0, null));
  }

  private int choose(SamplingParameters sampling, long seed, long @Nullable [] mask) {
    return model.choose(logits(0, 7), sampling, seed, 1, 1, mask);
  }

  private static long logits(int adapterId, int... tokens) {
    HashModel.Context context = new HashModel.Context(adapterId);
    for (int token : tokens) {
      context.append(token);
    }
    return context.logits();
  }
}
