package dev.weft.testkit;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftAnswer.Refusal;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import java.util.HashSet;
import java.util.Set;

/**
 * Says what is wrong with drafts, by the words of {@link Refusal} and by no code of a scheduler.
 *
 * @param vocabularySize token ids are 0 to this, exclusive
 * @param takesTrees     whether drafts may be a tree
 */
record DraftsChecker(int vocabularySize, boolean takesTrees) {
  /** How far the sum of probabilities may be from 1. */
  private static final double TOLERANCE = 1e-3;

  /** The first thing that is wrong, in the order of the refusals. */
  DraftAnswer check(Drafts drafts, int maxNumDraftTokens) {
    if (drafts.numDrafts() > maxNumDraftTokens) {
      return DraftAnswer.refused(Refusal.TOO_MANY,
          drafts.numDrafts() + " drafts, at most " + maxNumDraftTokens);
    }
    for (int draft = 0; draft < drafts.numDrafts(); draft++) {
      Refusal refusal = refusalOf(drafts, draft);
      if (refusal != Refusal.NONE) {
        return DraftAnswer.refused(refusal, "draft " + draft + ": token " + drafts.token(draft)
            + ", parent " + drafts.parent(draft) + ", " + drafts.numChoices(draft) + " choices");
      }
    }
    return DraftAnswer.TAKEN;
  }

  private Refusal refusalOf(Drafts drafts, int draft) {
    int token = drafts.token(draft);
    int parent = drafts.parent(draft);
    if (!isToken(token)) {
      return Refusal.UNKNOWN_TOKEN;
    }
    if (parent < Drafts.ROOT || parent >= draft) {
      return Refusal.BAD_PARENT;
    }
    if (!takesTrees && parent != draft - 1) {
      return Refusal.NO_TREES;
    }
    for (int earlier = 0; earlier < draft; earlier++) {
      if (drafts.parent(earlier) == parent && drafts.token(earlier) == token) {
        return Refusal.EQUAL_SIBLINGS;
      }
    }
    return drafts.numChoices(draft) == 0 || isDistribution(drafts, draft)
        ? Refusal.NONE : Refusal.BAD_DISTRIBUTION;
  }

  private boolean isDistribution(Drafts drafts, int draft) {
    Set<Integer> tokens = new HashSet<>();
    double sum = 0;
    for (int i = 0; i < drafts.numChoices(draft); i++) {
      int token = drafts.choice(draft, i);
      float probability = drafts.probability(draft, i);
      if (!isToken(token) || !tokens.add(token) || !(probability > 0 && probability <= 1)) {
        return false;
      }
      sum += probability;
    }
    return tokens.size() <= DraftBatch.MAX_NUM_CHOICES && tokens.contains(drafts.token(draft))
        && Math.abs(sum - 1) <= TOLERANCE;
  }

  private boolean isToken(int token) {
    return token >= 0 && token < vocabularySize;
  }
}
