package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;

/**
 * Checks a plan on the submitting thread against the spec and against what all plans submitted
 * before leave behind: which slots are attached, to whom, and how long their block tables are. A
 * refused plan changes nothing, because what a plan changes is kept apart until all of it was found
 * right.
 *
 * <p>Cost: the rows, tokens and writes of the plan, and the square of the drafts of a tree.
 * Allocates only when it refuses.
 */
final class PlanCheck {
  private static final int NOBODY = 0;

  private final ExecutorSpec spec;
  private final int maxBlocksPerSlot;

  /** By slot, after all accepted plans. */
  private final Slots accepted;

  /** By slot, after the plan being checked; valid where {@link #touchedBy} names this check. */
  private final Slots planned;

  private final long[] touchedBy;
  private final int[] touchedSlots;
  private int numTouched;
  private final long[] rowSeen;
  private long numChecks;
  private long lastStepId;

  PlanCheck(ExecutorSpec spec) {
    this.spec = spec;
    maxBlocksPerSlot = maxBlocksPerSlot(spec);
    accepted = new Slots(spec.numSlots());
    planned = new Slots(spec.numSlots());
    touchedBy = new long[spec.numSlots()];
    touchedSlots = new int[spec.numSlots()];
    rowSeen = new long[spec.numSlots()];
  }

  /** The most table writes of a plan: every place of every table. */
  static long maxTableWrites(ExecutorSpec spec) {
    return (long) spec.numSlots() * maxBlocksPerSlot(spec);
  }

  /** The most block copies of a plan: one to every block but the null block. */
  static int maxBlockCopies(ExecutorSpec spec) {
    return spec.numBlocks() - 1;
  }

  private static int maxBlocksPerSlot(ExecutorSpec spec) {
    return (spec.maxModelLen() + spec.blockSize() - 1) / spec.blockSize();
  }

  /**
   * Accepts a plan, so that later ones are checked against what it leaves behind.
   *
   * @throws IllegalArgumentException when it breaks the spec or contradicts the slots; nothing
   *     changed
   */
  void accept(StepPlan plan) {
    numChecks++;
    numTouched = 0;
    require(plan.stepId() == lastStepId + 1, plan, "comes after step ", lastStepId);
    for (int i = 0; i < plan.numDetached(); i++) {
      detach(plan, plan.detachedSlot(i));
    }
    for (int i = 0; i < plan.numAttached(); i++) {
      attach(plan, i);
    }
    int numWrites = plan.numTableWrites();
    require(numWrites <= maxTableWrites(spec), plan, "has too many table writes: ", numWrites);
    for (int i = 0; i < numWrites; i++) {
      writeTable(plan, i);
    }
    int numCopies = plan.numBlockCopies();
    boolean mayCopy = numCopies == 0 || spec.supportsBlockCopies();
    require(mayCopy, plan, "copies blocks, but supportsBlockCopies is false: ", numCopies);
    require(numCopies <= maxBlockCopies(spec), plan, "has too many block copies: ", numCopies);
    for (int i = 0; i < numCopies; i++) {
      requireBlock(plan, plan.copySource(i));
      requireBlock(plan, plan.copyTarget(i));
    }
    checkRows(plan);
    for (int i = 0; i < numTouched; i++) {
      accepted.copyFrom(planned, touchedSlots[i]);
    }
    lastStepId = plan.stepId();
  }

  private void detach(StepPlan plan, int slot) {
    touch(plan, slot);
    require(planned.isAttached(slot), plan, "detaches a slot that is not attached: ", slot);
    planned.attachedBy[slot] = NOBODY;
  }

  private void attach(StepPlan plan, int index) {
    int slot = plan.attachedSlot(index);
    touch(plan, slot);
    require(!planned.isAttached(slot), plan, "attaches a slot that is attached: ", slot);
    int numTokens = plan.attachedNumTokens(index);
    boolean fits = numTokens >= 0 && numTokens <= spec.maxModelLen();
    require(fits, plan, "attaches a sequence of tokens: ", numTokens);
    checkDemands(plan, index);
    for (int i = 0; i < numTokens; i++) {
      requireToken(plan, plan.attachedToken(index, i));
    }
    planned.attachedBy[slot] = plan.stepId();
    planned.requestId[slot] = plan.attachedRequestId(index);
    planned.sampleIndex[slot] = plan.attachedSampleIndex(index);
    planned.tableLength[slot] = 0;
    planned.hasSampled[slot] = false;
  }

  /** What a sequence asks for must be in the spec, or it would silently get something else. */
  private void checkDemands(StepPlan plan, int index) {
    int adapter = plan.attachedAdapterId(index);
    require(adapter == 0, plan, "asks for an adapter, which this executor has not: ", adapter);
    SamplingParameters sampling = plan.attachedSampling(index);
    if (!spec.verifications().contains(sampling.verification())) {
      throw new IllegalArgumentException("step " + plan.stepId() + " asks for verification "
          + sampling.verification() + ", verifications is " + spec.verifications());
    }
    if (sampling.numLogprobs() > spec.maxNumLogprobs()) {
      throw new IllegalArgumentException("step " + plan.stepId() + " asks for numLogprobs "
          + sampling.numLogprobs() + ", maxNumLogprobs is " + spec.maxNumLogprobs());
    }
  }

  private void writeTable(StepPlan plan, int write) {
    int slot = plan.tableWriteSlot(write);
    touch(plan, slot);
    require(planned.isAttached(slot), plan, "writes the table of a free slot: ", slot);
    int index = plan.tableWriteIndex(write);
    boolean isAppended = index == planned.tableLength[slot] && index < maxBlocksPerSlot;
    boolean isInside = index >= 0 && index < planned.tableLength[slot];
    require(isAppended || isInside, plan, "leaves a gap or exceeds a block table: ", index);
    requireBlock(plan, plan.tableWriteBlock(write));
    planned.tableLength[slot] += isAppended ? 1 : 0;
  }

  private void checkRows(StepPlan plan) {
    require(plan.numRows() <= spec.maxNumRows(), plan, "has too many rows: ", plan.numRows());
    long numTokens = 0;
    int numDecodes = 0;
    for (int row = 0; row < plan.numRows(); row++) {
      numTokens += plan.numTokens(row);
      checkOwner(plan, row);
      checkExtent(plan, row);
      checkDrafts(plan, row);
      checkMask(plan, row);
      checkTokens(plan, row);
      numDecodes += planned.hasSampled[plan.slot(row)] && plan.isSampled(row) ? 1 : 0;
      planned.hasSampled[plan.slot(row)] |= plan.isSampled(row);
    }
    boolean isMixed = numDecodes > 0 && numDecodes < plan.numRows();
    require(!isMixed || spec.mixesPrefillAndDecode(), plan,
        "mixes prefill and decode, but mixesPrefillAndDecode is false: decode rows ", numDecodes);
    require(numTokens == plan.numTokens(), plan, "has rows with tokens: ", numTokens);
    require(numTokens <= spec.maxNumBatchedTokens(), plan, "has too many tokens: ", numTokens);
  }

  private void checkOwner(StepPlan plan, int row) {
    int slot = plan.slot(row);
    touch(plan, slot);
    require(planned.isAttached(slot), plan, "has a row of a free slot: ", slot);
    require(rowSeen[slot] != numChecks, plan, "has two rows of slot ", slot);
    boolean isOwner =
        planned.requestId[slot] == plan.requestId(row)
            && planned.sampleIndex[slot] == plan.sampleIndex(row);
    require(isOwner, plan, "has a row of another request than its slot ", slot);
    rowSeen[slot] = numChecks;
  }

  private void checkExtent(StepPlan plan, int row) {
    int slot = plan.slot(row);
    require(plan.numTokens(row) >= 1, plan, "has a row without tokens: ", row);
    require(plan.startPosition(row) >= 0, plan, "starts at ", plan.startPosition(row));
    long end = (long) plan.startPosition(row) + plan.numTokens(row);
    require(end <= spec.maxModelLen(), plan, "has a row that ends behind maxModelLen: ", end);
    long room = (long) planned.tableLength[slot] * spec.blockSize();
    require(end <= room, plan, "has a row that ends behind its block table: ", end);
    boolean isWhole = plan.isSampled(row) || plan.numTokens(row) % spec.chunkUnit() == 0;
    require(isWhole, plan, "has a chunk that is no multiple of chunkUnit: ", plan.numTokens(row));
  }

  private void checkDrafts(StepPlan plan, int row) {
    int numDrafts = plan.numDraftTokens(row);
    boolean isInRange =
        numDrafts >= 0
            && numDrafts <= spec.maxNumDraftTokens()
            && numDrafts < plan.numTokens(row);
    require(isInRange, plan, "has a row with drafts: ", numDrafts);
    require(numDrafts == 0 || plan.isSampled(row), plan, "drafts without sampling: row ", row);
    boolean treeFits = !plan.hasDraftTree(row) || spec.verifiesTrees();
    require(treeFits, plan, "has a tree of drafts, but verifiesTrees is false: row ", row);
    boolean verifies = numDrafts > 0 && !plan.hasPlaceholders(row);
    require(!plan.hasDraftTree(row) || verifies, plan, "has a tree without drafts: row ", row);
    for (int draft = 0; verifies && draft < numDrafts; draft++) {
      checkParent(plan, row, draft);
      checkChoices(plan, row, draft);
    }
  }

  private void checkMask(StepPlan plan, int row) {
    boolean mayMask = !plan.hasMask(row) || spec.supportsMasks();
    require(mayMask, plan, "has a mask, but supportsMasks is false: row ", row);
    boolean maskFits = !plan.hasMask(row) || plan.isSampled(row);
    require(maskFits, plan, "has a mask where nothing is sampled: row ", row);
  }

  private void checkParent(StepPlan plan, int row, int draft) {
    int parent = plan.draftParent(row, draft);
    if (!plan.hasDraftTree(row)) {
      require(parent == draft - 1, plan, "has a chain whose drafts have other parents: row ", row);
      return;
    }
    boolean isEarlier = parent >= -1 && parent < draft;
    require(isEarlier, plan, "has a draft whose parent does not come before it: ", draft);
    int first = plan.numTokens(row) - plan.numDraftTokens(row);
    int token = plan.token(row, first + draft);
    for (int other = parent + 1; other < draft; other++) {
      boolean isTwin =
          plan.token(row, first + other) == token && plan.draftParent(row, other) == parent;
      require(!isTwin, plan, "has a draft that equals a sibling: ", draft);
    }
  }

  /** That probabilities sum to 1 and tokens are different matters to the output alone. */
  private void checkChoices(StepPlan plan, int row, int draft) {
    int numChoices = plan.numDraftChoices(row, draft);
    boolean isInRange = numChoices >= 0 && numChoices <= DraftBatch.MAX_NUM_CHOICES;
    require(isInRange, plan, "has a draft with choices: ", numChoices);
    int token = plan.token(row, plan.numTokens(row) - plan.numDraftTokens(row) + draft);
    boolean hasItself = numChoices == 0;
    for (int i = 0; i < numChoices; i++) {
      int choice = plan.draftChoice(row, draft, i);
      requireToken(plan, choice);
      float probability = plan.draftProbability(row, draft, i);
      boolean isProbability = probability > 0 && probability <= 1;
      require(isProbability, plan, "has a choice without a probability, of draft ", draft);
      hasItself |= choice == token;
    }
    require(hasItself, plan, "has a draft that is none of its choices: ", draft);
  }

  private void checkTokens(StepPlan plan, int row) {
    int first = 0;
    if (plan.isFirstTokenOnDevice(row)) {
      int slot = plan.slot(row);
      require(planned.hasSampled[slot], plan, "takes a token never sampled by slot ", slot);
      first = 1;
    }
    int numPlaceholders = plan.hasPlaceholders(row) ? plan.numDraftTokens(row) : 0;
    for (int i = first; i < plan.numTokens(row) - numPlaceholders; i++) {
      requireToken(plan, plan.token(row, i));
    }
  }

  /** Begins to change a slot on trial. */
  private void touch(StepPlan plan, int slot) {
    require(slot >= 0 && slot < touchedBy.length, plan, "names a slot that does not exist: ", slot);
    if (touchedBy[slot] != numChecks) {
      touchedBy[slot] = numChecks;
      touchedSlots[numTouched++] = slot;
      planned.copyFrom(accepted, slot);
    }
  }

  private void requireBlock(StepPlan plan, int block) {
    boolean exists = block >= 1 && block < spec.numBlocks();
    require(exists, plan, "names a block that does not exist or is the null block: ", block);
  }

  private void requireToken(StepPlan plan, int token) {
    boolean exists = token >= 0 && token < spec.vocabularySize();
    require(exists, plan, "has a token outside the vocabulary: ", token);
  }

  private static void require(boolean holds, StepPlan plan, String problem, long value) {
    if (!holds) {
      throw new IllegalArgumentException("step " + plan.stepId() + " " + problem + value);
    }
  }

  /** What the slots are, by slot. */
  private static final class Slots {
    /** Step that attached it; {@link #NOBODY} when free. */
    private final long[] attachedBy;

    private final long[] requestId;
    private final int[] sampleIndex;
    private final int[] tableLength;
    private final boolean[] hasSampled;

    Slots(int numSlots) {
      attachedBy = new long[numSlots];
      requestId = new long[numSlots];
      sampleIndex = new int[numSlots];
      tableLength = new int[numSlots];
      hasSampled = new boolean[numSlots];
    }

    boolean isAttached(int slot) {
      return attachedBy[slot] != NOBODY;
    }

    void copyFrom(Slots other, int slot) {
      attachedBy[slot] = other.attachedBy[slot];
      requestId[slot] = other.requestId[slot];
      sampleIndex[slot] = other.sampleIndex[slot];
      tableLength[slot] = other.tableLength[slot];
      hasSampled[slot] = other.hasSampled[slot];
    }
  }
}
