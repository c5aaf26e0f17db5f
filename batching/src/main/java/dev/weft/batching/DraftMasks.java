package dev.weft.batching;

import dev.weft.batching.InputListener.MaskAnswer;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.TokenMask;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;

/**
 * Asks the mask of a sequence what may follow its tokens and each of its drafts, so that drafts are
 * verified under the masks they would be sampled under: of a grammar only the valid drafts are
 * left. Holds the answers until it is asked again.
 */
final class DraftMasks {
  /** Answer of {@link #fill} when the mask behind the known tokens is not ready. */
  static final int NOT_READY = -1;
  /** Answer of {@link #fill} when that mask threw. */
  static final int FAILED = -2;
  /** Place of a draft that is not permitted. */
  private static final int DROPPED = -2;

  private final Core core;
  private final int numWords;
  /** What a mask fills in. */
  private final long[] words;
  private final DraftedTokens drafted;
  /** Where each proposed draft stands among the permitted. */
  private final int[] places;
  private final boolean[] isFilled;
  private long[] filled = new long[0];

  DraftMasks(Core core) {
    this.core = core;
    numWords = core.plans.inFlight(0).numMaskWords();
    words = new long[numWords];
    drafted = new DraftedTokens(core.limits.maxNumDraftTokens());
    places = new int[core.limits.maxNumDraftTokens()];
    isFilled = new boolean[core.limits.maxNumDraftTokens() + 1];
  }

  /** The masks filled last: behind the known tokens, then behind each draft. */
  long[] filled() {
    return filled;
  }

  /**
   * Fills in the masks of a row that takes the first {@code numDrafts} drafts of the sequence.
   *
   * @return how many of them are permitted, with all before them; NOT_READY or FAILED where not
   *     even the token behind the known ones has a mask
   */
  int fill(int handle, int numDrafts) {
    TokenMask mask = begin(handle);
    MaskAnswer answer = ask(mask, handle, 0);
    core.inputs.onMask(answer);
    if (answer != MaskAnswer.READY) {
      return answer == MaskAnswer.FAILED ? FAILED : NOT_READY;
    }
    for (int draft = 0; draft < numDrafts; draft++) {
      int parent = core.drafts.parent(handle, draft);
      if (!permits(1 + parent, core.drafts.token(handle, draft))) {
        return draft;
      }
      drafted.set(draft, core.drafts.token(handle, draft), parent);
      answer = ask(mask, handle, 1 + draft);
      core.inputs.onMask(answer);
      if (answer != MaskAnswer.READY) {
        return draft;
      }
    }
    return numDrafts;
  }

  /**
   * Copies the drafts that the mask of a sequence permits, each with all that it follows; none when
   * it is not ready or throws, which matters when a row is planned.
   */
  void copyPermitted(int handle, Drafts drafts, Drafts target) {
    TokenMask mask = begin(handle);
    Arrays.fill(isFilled, false);
    target.clear();
    for (int draft = 0; draft < drafts.numDrafts(); draft++) {
      int parent = drafts.parent(draft);
      int place = parent == Drafts.ROOT ? Drafts.ROOT : places[parent];
      boolean isReachable = parent == Drafts.ROOT || place >= 0;
      boolean isPermitted = isReachable && isReady(mask, handle, 1 + place)
          && permits(1 + place, drafts.token(draft));
      places[draft] = isPermitted ? target.numDrafts() : DROPPED;
      if (isPermitted) {
        drafted.set(target.numDrafts(), drafts.token(draft), place);
        target.add(drafts.token(draft), place);
        copyPermittedChoices(drafts, draft, 1 + place, target);
      }
    }
  }

  /**
   * A draft that is not permitted is dropped because of what was drawn, so one that stays was drawn
   * from the permitted part of its distribution alone: rejection sampling must be told of that one.
   */
  private void copyPermittedChoices(Drafts drafts, int draft, int index, Drafts target) {
    double sum = 0;
    for (int i = 0; i < drafts.numChoices(draft); i++) {
      sum += permits(index, drafts.choice(draft, i)) ? drafts.probability(draft, i) : 0;
    }
    for (int i = 0; i < drafts.numChoices(draft); i++) {
      if (permits(index, drafts.choice(draft, i))) {
        target.addChoice(drafts.choice(draft, i), (float) (drafts.probability(draft, i) / sum));
      }
    }
  }

  private boolean isReady(TokenMask mask, int handle, int index) {
    if (!isFilled[index]) {
      isFilled[index] = ask(mask, handle, index) == MaskAnswer.READY;
    }
    return isFilled[index];
  }

  private TokenMask begin(int handle) {
    TokenMask mask = core.table.requestOf(handle).tokenMask();
    if (mask == null) {
      throw new IllegalStateException(core.table.name(handle) + " has no mask");
    }
    if (filled.length == 0) {
      filled = new long[isFilled.length * numWords];
    }
    return mask;
  }

  private MaskAnswer ask(TokenMask mask, int handle, int index) {
    int numKnown = core.table.numKnown(handle);
    TokenSequence known = core.tokens.view(handle, numKnown);
    TokenSequence tokens = index == 0 ? known : drafted.behind(known, index - 1);
    Arrays.fill(words, 0);
    try {
      if (!mask.fill(tokens, core.table.sampleIndex[handle], words)) {
        return MaskAnswer.NOT_READY;
      }
    } catch (RuntimeException e) {
      return MaskAnswer.FAILED;
    }
    System.arraycopy(words, 0, filled, index * numWords, numWords);
    return MaskAnswer.READY;
  }

  private boolean permits(int index, int token) {
    return (filled[index * numWords + (token >>> 6)] >>> token & 1) != 0;
  }
}
