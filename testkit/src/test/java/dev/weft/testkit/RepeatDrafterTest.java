package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The contract of drafters, kept by one that repeats the last token. */
class RepeatDrafterTest extends DrafterContract {
  @Override protected Drafter create() {
    return new RepeatDrafter();
  }

  @Test void itRepeatsTheLastToken() {
    assertThat(new HandDraftBatch().with(0, 2, 5, 6).proposalsOf(create())[0])
        .containsExactly(6, 6);
  }

  @Test void keepingTokensBeyondTheCallIsSeen() {
    KeepingDrafter keeping = new KeepingDrafter();
    new HandDraftBatch().with(0, 2, 5, 6).proposalsOf(keeping);

    assertThatThrownBy(() -> Objects.requireNonNull(keeping.kept).token(0))
        .hasMessageContaining("used after the call");
  }

  @Test void moreDraftsThanAnArrayHoldsAreSeen() {
    Drafter boasting = new RepeatDrafter() {
      @Override public void propose(DraftBatch batch) {
        batch.propose(0, new int[1], 2);
      }
    };

    assertThatThrownBy(() -> new HandDraftBatch().with(0, 2, 5).proposalsOf(boasting))
        .hasMessageContaining("2 drafts of an array of 1");
  }

  /** Proposes the last token as often as there is room. */
  private static class RepeatDrafter implements Drafter {
    private final int[] drafts = new int[4];

    @Override public int maxNumDraftTokens() {
      return drafts.length;
    }

    @Override public void propose(DraftBatch batch) {
      for (int i = 0; i < batch.numSequences(); i++) {
        TokenSequence tokens = batch.tokens(i);
        Arrays.fill(drafts, tokens.token(tokens.numTokens() - 1));
        batch.propose(i, drafts, Math.min(drafts.length, batch.maxNumDraftTokens(i)));
      }
    }
  }

  /** Keeps what it must not keep. */
  private static final class KeepingDrafter extends RepeatDrafter {
    private @Nullable TokenSequence kept;

    @Override public void propose(DraftBatch batch) {
      kept = batch.tokens(0);
    }
  }
}
