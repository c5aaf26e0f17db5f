package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;
import org.jspecify.annotations.Nullable;

/**
 * Checks copies and rows of one plan against the spec and against the slots as the plan leaves
 * them.
 */
final class RowChecks {
  private final ExecutorSpec spec;
  private final StepPlan plan;
  private final SlotShadow.Prepared step;
  private int numDecodeRows;

  RowChecks(ExecutorSpec spec, StepPlan plan, SlotShadow.Prepared step) {
    this.spec = spec;
    this.plan = plan;
    this.step = step;
  }

  /** Throws for what is wrong, and advances the slots of the prepared step. */
  void checkAll() {
    checkCopies();
    int numRows = plan.numRows();
    require(numRows <= spec.maxNumRows(), "I29", numRows + " rows of " + spec.maxNumRows());
    long numTokens = 0;
    for (int row = 0; row < numRows; row++) {
      checkRow(row);
      numTokens += plan.numTokens(row);
    }
    require(numTokens == plan.numTokens(), "I28",
        "rows have " + numTokens + " tokens, the plan says " + plan.numTokens());
    require(numTokens <= spec.maxNumBatchedTokens(), "I28",
        numTokens + " tokens of " + spec.maxNumBatchedTokens());
  }

  private void checkCopies() {
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      int source = plan.copySource(i);
      int target = plan.copyTarget(i);
      require(spec.supportsBlockCopies(), "I71", "copies blocks, which the executor cannot");
      require(isBlock(source) && isBlock(target) && source != target, "I71",
          "copies block " + source + " to " + target + " of " + spec.numBlocks());
    }
  }

  private boolean isBlock(int block) {
    return block >= 1 && block < spec.numBlocks();
  }

  private void checkRow(int row) {
    int slot = plan.slot(row);
    SlotShadow.@Nullable Slot state = step.slotOfNewRow(slot);
    if (state == null) {
      throw new IllegalArgumentException("I30 step " + plan.stepId() + ": row " + row + " of slot "
          + slot + ", which does not exist or has another row");
    }
    require(state.isAttached, "I30", row(row) + " is not attached");
    require(state.requestId == plan.requestId(row) && state.sampleIndex == plan.sampleIndex(row),
        "I30", row(row) + " belongs to request " + state.requestId
        + " sample " + state.sampleIndex);
    checkPlace(row, state);
    checkTable(row, state);
    checkTokens(row, state);
    checkTree(row);
    checkMask(row);
    countShape(row, state);
    advance(row, slot, state);
  }

  private void checkPlace(int row, SlotShadow.Slot state) {
    int start = plan.startPosition(row);
    int end = start + plan.numTokens(row);
    int numDrafts = plan.numDraftTokens(row);
    require(plan.numTokens(row) >= 1, "I30", row(row) + " has no token");
    require(!state.awaitsDrafts, "I30", row(row) + " has unverified drafts in flight");
    require(step.mayStart(state, start), "I30", row(row) + " starts at " + start + ", computed are "
        + (state.numComputed == SlotShadow.ANY_START ? "0 or more" : state.numComputed));
    require(end <= spec.maxModelLen(), "I33", row(row) + " ends at " + end + " of "
        + spec.maxModelLen());
    require(numDrafts >= 0 && numDrafts <= spec.maxNumDraftTokens()
            && numDrafts < plan.numTokens(row),
        "I58", row(row) + " has " + numDrafts + " drafts of " + spec.maxNumDraftTokens());
    require(numDrafts == 0 || plan.isSampled(row), "I61", row(row)
        + " has drafts and is not sampled");
    require(plan.isSampled(row) || plan.numTokens(row) % spec.chunkUnit() == 0, "I32",
        row(row) + " is no multiple of " + spec.chunkUnit());
  }

  private void checkTable(int row, SlotShadow.Slot state) {
    int end = plan.startPosition(row) + plan.numTokens(row);
    require((long) state.table.length * spec.blockSize() >= end, "I33", row(row) + " ends at " + end
        + ", the table of its slot has " + state.table.length + " blocks of " + spec.blockSize());
  }

  private void checkTokens(int row, SlotShadow.Slot state) {
    int first = 0;
    if (plan.isFirstTokenOnDevice(row)) {
      first = 1;
      require(state.hasSampled, "I51", row(row) + " takes a token that its slot never sampled");
      require(plan.token(row, 0) == -1, "I51", row(row) + " has a token on device and on host");
    }
    int numChecked = plan.hasPlaceholders(row)
        ? plan.numTokens(row) - plan.numDraftTokens(row)
        : plan.numTokens(row);
    for (int i = numChecked; i < plan.numTokens(row); i++) {
      require(plan.token(row, i) == -1, "I30", row(row) + " has token " + plan.token(row, i)
          + " as a placeholder, must be -1");
    }
    for (int i = first; i < numChecked; i++) {
      int token = plan.token(row, i);
      int position = plan.startPosition(row) + i;
      require(token >= 0 && token < spec.vocabularySize(), "I30",
          row(row) + " has token " + token + " of " + spec.vocabularySize());
      boolean isKnown = position < state.tokens.length
          && i < plan.numTokens(row) - plan.numDraftTokens(row);
      require(!isKnown || state.tokens[position] == token, "I30", row(row) + " has token " + token
          + " at position " + position + ", attached with another");
    }
  }

  /** Costs the square of the drafts. */
  private void checkTree(int row) {
    boolean isTree = plan.hasDraftTree(row);
    require(!isTree || (spec.verifiesTrees() && verifies(row)), "I79",
        row(row) + " has a draft tree, but no drafts to verify, or trees are not supported");
    for (int draft = 0; verifies(row) && draft < plan.numDraftTokens(row); draft++) {
      int parent = plan.draftParent(row, draft);
      boolean isFine = isTree ? parent >= -1 && parent < draft : parent == draft - 1;
      require(isFine, "I79", row(row) + " has draft " + draft + " with parent " + parent);
      for (int other = 0; other < draft; other++) {
        require(plan.draftParent(row, other) != parent || draft(row, other) != draft(row, draft),
            "I79", row(row) + " has equal siblings " + other + " and " + draft);
      }
    }
  }

  /**
   * A draft that was drawn from a distribution may be forbidden: leaving it out, for what was
   * drawn, would change the distribution of the output.
   */
  private void checkMask(int row) {
    if (plan.hasMask(row)) {
      require(spec.supportsMasks() && plan.isSampled(row), "I63",
          row(row) + " has a mask, but is not sampled, or masks are not supported");
      boolean checksDrafts = verifies(row) && step.isOfScheduler();
      for (int draft = 0; checksDrafts && draft < plan.numDraftTokens(row); draft++) {
        int token = draft(row, draft);
        long word = plan.maskWord(row, 1 + plan.draftParent(row, draft), token >> 6);
        boolean isPermitted = (word >>> token & 1) != 0 || plan.numDraftChoices(row, draft) > 0;
        require(isPermitted, "I63", row(row) + " has draft " + draft + ", token " + token
            + ", which its mask forbids");
      }
    }
  }

  private boolean verifies(int row) {
    return plan.numDraftTokens(row) > 0 && !plan.hasPlaceholders(row);
  }

  private int draft(int row, int draft) {
    return plan.token(row, plan.numTokens(row) - plan.numDraftTokens(row) + draft);
  }

  /** A row is decode when its slot has sampled before and samples again; all others are prefill. */
  private void countShape(int row, SlotShadow.Slot state) {
    boolean isDecode = state.hasSampled && plan.isSampled(row);
    numDecodeRows += isDecode ? 1 : 0;
    boolean isMixed = numDecodeRows > 0 && numDecodeRows < row + 1;
    require(spec.mixesPrefillAndDecode() || !isMixed, "I35", row(row)
        + " mixes prefill and decode");
  }

  private void advance(int row, int slot, SlotShadow.Slot state) {
    int numDrafts = plan.numDraftTokens(row);
    boolean verifies = verifies(row);
    int end = plan.startPosition(row) + plan.numTokens(row);
    state.numComputed = verifies ? end : end - numDrafts;
    state.awaitsDrafts = verifies;
    state.hasSampled |= plan.isSampled(row);
    step.addRow(row, slot, verifies ? numDrafts : 0);
  }

  private String row(int row) {
    return "row " + row + " of slot " + plan.slot(row) + " request " + plan.requestId(row);
  }

  private void require(boolean holds, String invariant, String message) {
    SlotShadow.require(holds, invariant, plan, message);
  }
}
