package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.TokenSequence;
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

  /** Proposes the last token as often as there is room. */
  private static class RepeatDrafter implements Drafter {
    private final Drafts drafts = new Drafts();

    @Override public int maxNumDraftTokens() {
      return 4;
    }

    @Override public void propose(DraftBatch batch) {
      for (int i = 0; i < batch.numSequences(); i++) {
        TokenSequence tokens = batch.tokens(i);
        drafts.clear();
        while (drafts.numDrafts() < Math.min(maxNumDraftTokens(), batch.maxNumDraftTokens(i))) {
          drafts.add(tokens.token(tokens.numTokens() - 1));
        }
        batch.propose(i, drafts);
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
