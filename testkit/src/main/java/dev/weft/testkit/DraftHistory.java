package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftAnswer.Refusal;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import java.util.ArrayList;
import java.util.List;

/**
 * Sequences that come, grow, stay away, end, and whose handles are used again: all of it from one
 * seed. Their tokens repeat themselves and each other, so that every drafter finds something.
 */
final class DraftHistory {
  /** Handles are 0 to this, exclusive. */
  static final int NUM_HANDLES = 8;
  private static final int MAX_NUM_TOKENS = 700;
  private static final DraftAnswer REFUSED =
      DraftAnswer.refused(Refusal.UNKNOWN_TOKEN, "refused, to see what becomes of it");

  private final SplitMix random;
  private final int vocabularySize;
  private final List<List<Integer>> sequences = new ArrayList<>();
  private final int[] numPromptTokens = new int[NUM_HANDLES];

  DraftHistory(long seed, int vocabularySize) {
    random = new SplitMix(seed);
    this.vocabularySize = vocabularySize;
    for (int handle = 0; handle < NUM_HANDLES; handle++) {
      sequences.add(new ArrayList<>());
    }
  }

  /**
   * Shows so many batches to the drafter, and tells it of the ends between.
   *
   * @return what was proposed, one line for each sequence of each batch
   * @throws AssertionError when drafts had to be refused
   */
  List<String> run(Drafter drafter, int numSteps) {
    List<String> proposals = new ArrayList<>();
    for (int step = 0; step < numSteps; step++) {
      HandDraftBatch batch = new HandDraftBatch().vocabularySize(vocabularySize);
      if (random.oneIn(2)) {
        batch.chainsAlone();
      }
      boolean refuses = random.oneIn(8);
      int numShown = addSequences(batch.answering(refuses ? REFUSED : DraftAnswer.TAKEN), drafter);
      batch.show(drafter);
      for (int i = 0; i < numShown; i++) {
        for (DraftAnswer answer : batch.answers(i)) {
          assertThat(answer).as("step %d, sequence %d of the batch", step, i)
              .isEqualTo(refuses ? REFUSED : DraftAnswer.TAKEN);
        }
        proposals.add(step + "/" + i + ": " + text(batch.drafts(i)));
      }
      endSome(drafter);
    }
    return proposals;
  }

  private int addSequences(HandDraftBatch batch, Drafter drafter) {
    int numShown = 0;
    for (int handle = 0; handle < NUM_HANDLES; handle++) {
      if (random.below(3) > 0) {
        grow(handle);
        List<Integer> tokens = sequences.get(handle);
        int room = random.oneIn(3)
            ? random.between(0, drafter.maxNumDraftTokens()) : drafter.maxNumDraftTokens();
        batch.withPrompt(handle, room, numPromptTokens[handle], ints(tokens));
        numShown++;
      }
    }
    return numShown;
  }

  /** Begins the sequence, or appends some tokens, now and then many. */
  private void grow(int handle) {
    List<Integer> tokens = sequences.get(handle);
    if (tokens.isEmpty()) {
      append(tokens, random.oneOf(1, 2, 9, 60, 300));
      numPromptTokens[handle] = tokens.size();
    }
    append(tokens, random.oneIn(20) ? random.between(50, 300) : random.between(1, 5));
  }

  private void append(List<Integer> tokens, int numTokens) {
    for (int i = 0; i < numTokens; i++) {
      List<Integer> source = random.oneIn(20) ? sequences.get(random.below(NUM_HANDLES)) : tokens;
      int back = random.oneOf(1, 3, 5, 40);
      boolean isRepeated = random.below(6) > 0 && source.size() >= back;
      tokens.add(isRepeated ? source.get(source.size() - back) : random.below(vocabularySize));
    }
  }

  private void endSome(Drafter drafter) {
    for (int handle = 0; handle < NUM_HANDLES; handle++) {
      List<Integer> tokens = sequences.get(handle);
      boolean isAborted = random.oneIn(25) && !tokens.isEmpty();
      if (isAborted || tokens.size() > MAX_NUM_TOKENS) {
        HandDraftBatch.finish(drafter, handle, numPromptTokens[handle], ints(tokens));
        tokens.clear();
      }
    }
  }

  private static int[] ints(List<Integer> tokens) {
    return tokens.stream().mapToInt(token -> token).toArray();
  }

  /** Tokens, parents and distributions. */
  private static String text(Drafts drafts) {
    StringBuilder text = new StringBuilder();
    for (int draft = 0; draft < drafts.numDrafts(); draft++) {
      text.append(drafts.token(draft)).append('^').append(drafts.parent(draft));
      for (int i = 0; i < drafts.numChoices(draft); i++) {
        text.append(',').append(drafts.choice(draft, i)).append('=')
            .append(drafts.probability(draft, i));
      }
      text.append(' ');
    }
    return text.toString();
  }
}
