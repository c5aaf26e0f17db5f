package dev.weft.testkit;

import static dev.weft.schedulerapi.Drafts.ROOT;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The contract of drafters notices who breaks it. */
class DrafterContractTest {
  @Test void moreDraftsThanSaidAreSeen() {
    DrafterContract contract = proposing((batch, drafts) -> drafts.setChain(new int[9], 5));

    assertThatThrownBy(contract::itProposesNoMoreThanItSays).hasMessageContaining("5");
  }

  @Test void moreDraftsThanThereIsRoomForAreSeen() {
    DrafterContract contract = proposing((batch, drafts) -> drafts.setChain(new int[9], 4));

    assertThatThrownBy(contract::itProposesNoMoreThanThereIsRoomFor)
        .hasMessageContaining("TOO_MANY");
    assertThatThrownBy(contract::noRoomIsFine).hasMessageContaining("TOO_MANY");
    assertThatThrownBy(contract::nothingIsWrongWhateverHappensToSequences)
        .hasMessageContaining("TOO_MANY");
  }

  @Test void aTokenOutsideTheVocabularyIsSeen() {
    DrafterContract contract = proposing((batch, drafts) -> drafts.add(16));

    assertThatThrownBy(contract::itProposesTokensOfTheVocabulary)
        .hasMessageContaining("UNKNOWN_TOKEN");
  }

  @Test void aTreeWhereNoneIsTakenIsSeen() {
    DrafterContract contract = proposing((batch, drafts) -> drafts.add(1, ROOT).add(2, ROOT));

    assertThatThrownBy(contract::itProposesChainsWhereTreesAreNotTaken)
        .hasMessageContaining("NO_TREES");
  }

  @Test void aCycleAndEqualSiblingsAreSeen() {
    DrafterContract cyclic = proposing((batch, drafts) -> drafts.add(1, 1).add(2, 0));
    DrafterContract selfish = proposing((batch, drafts) -> drafts.add(1, 0));
    DrafterContract twins = proposing((batch, drafts) -> drafts.add(1, ROOT).add(1, ROOT));

    assertThatThrownBy(cyclic::treesAndDistributionsAreValid).hasMessageContaining("BAD_PARENT");
    assertThatThrownBy(selfish::treesAndDistributionsAreValid).hasMessageContaining("BAD_PARENT");
    assertThatThrownBy(twins::treesAndDistributionsAreValid)
        .hasMessageContaining("EQUAL_SIBLINGS");
  }

  @Test void aBadDistributionIsSeen() {
    List<BiConsumer<DraftBatch, Drafts>> bad = List.of(
        (batch, drafts) -> drafts.add(1).addChoice(1, Float.NaN),
        (batch, drafts) -> drafts.add(1).addChoice(1, 0.9f),
        (batch, drafts) -> drafts.add(1).addChoice(2, 1),
        (batch, drafts) -> drafts.add(1).addChoice(1, 1).addChoice(2, 0),
        (batch, drafts) -> drafts.add(1).addChoice(1, 0.5f).addChoice(1, 0.5f));

    for (BiConsumer<DraftBatch, Drafts> writing : bad) {
      assertThatThrownBy(proposing(writing)::treesAndDistributionsAreValid)
          .hasMessageContaining("BAD_DISTRIBUTION");
    }
  }

  @Test void aDrafterThatRemembersOtherRunsIsSeen() {
    SplitMix shared = new SplitMix(1);
    DrafterContract contract = contract(() -> new Scripted((batch, drafts) -> { }) {
      @Override public void propose(DraftBatch batch) {
        for (int i = 0; i < batch.numSequences(); i++) {
          if (batch.maxNumDraftTokens(i) > 0) {
            batch.propose(i, new Drafts().add(shared.below(16)));
          }
        }
      }
    });

    assertThatThrownBy(contract::equalHistoriesGetEqualProposals).hasMessageContaining("seed 1");
  }

  @Test void aHandleThatKeepsASequenceThatEndedIsSeen() {
    DrafterContract contract = contract(() -> new FirstTokenDrafter(false));

    assertThatThrownBy(contract::aHandleKeepsNothingOfASequenceThatEnded)
        .isInstanceOf(AssertionError.class);
  }

  @Test void sequencesThatAreMixedUpAreSeen() {
    DrafterContract contract = contract(() -> new FirstTokenDrafter(true));

    assertThatThrownBy(contract::sequencesAreIndependentOfEachOther)
        .isInstanceOf(AssertionError.class);
  }

  @Test void givingUpAfterARefusalIsSeen() {
    DrafterContract contract = contract(() -> new Scripted((batch, drafts) -> drafts.add(1)) {
      @Override boolean goesOnAfter(DraftAnswer answer) {
        return answer.isTaken();
      }
    });

    assertThatThrownBy(contract::aRefusalCostsItsSequenceAlone)
        .hasMessageContaining("sequence 1 was passed over");
  }

  @Test void insistingOnRefusedDraftsIsSeen() {
    DrafterContract contract = contract(() -> new Scripted((batch, drafts) -> drafts.add(1)) {
      @Override boolean goesOnAfter(DraftAnswer answer) {
        for (int i = 0; i < 5; i++) {
          batch().propose(0, new Drafts().add(1));
        }
        return true;
      }
    });

    assertThatThrownBy(contract::aRefusalCostsItsSequenceAlone)
        .hasMessageContaining("proposals for sequence 0, all refused");
  }

  @Test void aDrafterThatNeedsASequenceIsSeen() {
    DrafterContract contract = contract(() -> new Scripted((batch, drafts) -> { }) {
      @Override public void propose(DraftBatch batch) {
        batch.tokens(0);
      }
    });

    assertThatThrownBy(contract::anEmptyBatchIsFine).isInstanceOf(RuntimeException.class);
  }

  @Test void aDrafterThatBreaksWhenClosedAgainIsSeen() {
    List<Drafter> closed = new ArrayList<>();
    DrafterContract contract = contract(() -> new Scripted((batch, drafts) -> { }) {
      @Override public void close() {
        closed.add(this);
        if (closed.size() > 1) {
          throw new IllegalStateException("closed before");
        }
      }
    });

    assertThatThrownBy(contract::closingTwiceIsClosingOnce).hasMessageContaining("closed before");
  }

  private static DrafterContract proposing(BiConsumer<DraftBatch, Drafts> writing) {
    return contract(() -> new Scripted(writing));
  }

  private static DrafterContract contract(Supplier<Drafter> drafters) {
    DrafterContract contract = new DrafterContract() {
      @Override protected Drafter create() {
        return drafters.get();
      }
    };
    contract.open();
    return contract;
  }

  /** Writes the same drafts for every sequence. */
  private static class Scripted implements Drafter {
    private final BiConsumer<DraftBatch, Drafts> writing;
    private DraftBatch batch = new HandDraftBatch();

    private Scripted(BiConsumer<DraftBatch, Drafts> writing) {
      this.writing = writing;
    }

    @Override public int maxNumDraftTokens() {
      return 4;
    }

    /** Whether it looks at the next sequence after an answer. */
    boolean goesOnAfter(DraftAnswer answer) {
      return answer.isTaken() || batch.numSequences() > 0;
    }

    DraftBatch batch() {
      return batch;
    }

    @Override public void propose(DraftBatch shown) {
      batch = shown;
      for (int i = 0; i < shown.numSequences(); i++) {
        Drafts drafts = new Drafts();
        writing.accept(shown, drafts);
        if (!goesOnAfter(shown.propose(i, drafts))) {
          return;
        }
      }
    }
  }

  /** Proposes the token that a handle's sequence began with, and never forgets it. */
  private static final class FirstTokenDrafter implements Drafter {
    private final int[] firstTokens = new int[8];
    private final boolean mixesUp;

    private FirstTokenDrafter(boolean mixesUp) {
      this.mixesUp = mixesUp;
      Arrays.fill(firstTokens, -1);
    }

    @Override public int maxNumDraftTokens() {
      return 1;
    }

    @Override public void propose(DraftBatch batch) {
      for (int i = 0; i < batch.numSequences(); i++) {
        int handle = mixesUp ? 0 : batch.handle(i);
        TokenSequence tokens = batch.tokens(i);
        firstTokens[handle] = firstTokens[handle] < 0 ? tokens.token(0) : firstTokens[handle];
        batch.propose(i, new Drafts().add(firstTokens[handle]));
      }
    }

    @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
      // It keeps what it should drop.
    }
  }
}
