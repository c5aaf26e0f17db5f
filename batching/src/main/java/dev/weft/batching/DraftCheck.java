package dev.weft.batching;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftAnswer.Refusal;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;

/**
 * Says what is wrong with proposed drafts. Cost O(drafts + choices), for a tree O(drafts squared).
 */
final class DraftCheck {
  /** How far the sum of probabilities may be from 1: floats, added by somebody else. */
  private static final double TOLERANCE = 1e-3;

  private final Core core;
  private final SequenceTable table;

  DraftCheck(Core core) {
    this.core = core;
    table = core.table;
  }

  DraftAnswer check(int handle, Drafts drafts, int maxNumDrafts) {
    int numDrafts = drafts.numDrafts();
    if (numDrafts > maxNumDrafts) {
      return refused(Refusal.TOO_MANY, handle, numDrafts + " drafts, at most " + maxNumDrafts);
    }
    if (drafts.isTree() && !core.spec.verifiesTrees()) {
      return refused(Refusal.NO_TREES, handle, "a tree of " + numDrafts
          + " drafts, the executor verifies chains alone");
    }
    for (int i = 0; i < numDrafts; i++) {
      DraftAnswer answer = checkDraft(handle, drafts, i);
      if (!answer.isTaken()) {
        return answer;
      }
    }
    return DraftAnswer.TAKEN;
  }

  private DraftAnswer checkDraft(int handle, Drafts drafts, int draft) {
    int token = drafts.token(draft);
    if (!isToken(token)) {
      return refused(Refusal.UNKNOWN_TOKEN, handle, "draft " + draft + " is " + token
          + ", must be 0 to " + (core.spec.vocabularySize() - 1));
    }
    int parent = drafts.parent(draft);
    if (parent < Drafts.ROOT || parent >= draft) {
      return refused(Refusal.BAD_PARENT, handle, "draft " + draft + " has parent " + parent
          + ", must be " + Drafts.ROOT + " to " + (draft - 1));
    }
    for (int i = parent + 1; i < draft; i++) {
      if (drafts.parent(i) == parent && drafts.token(i) == token) {
        return refused(Refusal.EQUAL_SIBLINGS, handle,
            "drafts " + i + " and " + draft + " of parent " + parent + " are both " + token);
      }
    }
    return drafts.numChoices(draft) == 0
        ? DraftAnswer.TAKEN : checkChoices(handle, drafts, draft);
  }

  private DraftAnswer checkChoices(int handle, Drafts drafts, int draft) {
    int numChoices = drafts.numChoices(draft);
    if (numChoices > DraftBatch.MAX_NUM_CHOICES) {
      return badDistribution(handle, draft,
          "has " + numChoices + " tokens, at most " + DraftBatch.MAX_NUM_CHOICES);
    }
    double sum = 0;
    boolean hasDraft = false;
    for (int i = 0; i < numChoices; i++) {
      int token = drafts.choice(draft, i);
      float probability = drafts.probability(draft, i);
      if (!isToken(token) || !isFirst(drafts, draft, i)) {
        return badDistribution(handle, draft, "has token " + token + ", which is there twice or "
            + "not 0 to " + (core.spec.vocabularySize() - 1));
      }
      if (!(probability > 0 && probability <= 1)) {
        return badDistribution(handle, draft, "gives token " + token + " the probability "
            + probability + ", must be above 0 and at most 1");
      }
      sum += probability;
      hasDraft |= token == drafts.token(draft);
    }
    if (Math.abs(sum - 1) > TOLERANCE) {
      return badDistribution(handle, draft, "sums to " + sum + ", must be 1");
    }
    return hasDraft ? DraftAnswer.TAKEN
        : badDistribution(handle, draft, "has no token " + drafts.token(draft));
  }

  private static boolean isFirst(Drafts drafts, int draft, int index) {
    for (int i = 0; i < index; i++) {
      if (drafts.choice(draft, i) == drafts.choice(draft, index)) {
        return false;
      }
    }
    return true;
  }

  private boolean isToken(int token) {
    return token >= 0 && token < core.spec.vocabularySize();
  }

  private DraftAnswer badDistribution(int handle, int draft, String problem) {
    return refused(Refusal.BAD_DISTRIBUTION, handle,
        "the distribution of draft " + draft + " " + problem);
  }

  private DraftAnswer refused(Refusal refusal, int handle, String problem) {
    return DraftAnswer.refused(refusal, table.name(handle) + ": " + problem);
  }
}
