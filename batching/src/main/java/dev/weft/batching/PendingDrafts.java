package dev.weft.batching;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;

/** The sequences that a drafter is shown, and what it proposes for them. */
final class PendingDrafts implements DraftBatch {
  private final Core core;
  private final SequenceTable table;
  private final Drafting drafting;
  private final DraftCheck check;
  private final DraftMasks masks;
  private final Drafts none = new Drafts();
  private final Drafts permitted = new Drafts();
  private final IntColumn handles = new IntColumn();

  PendingDrafts(Core core, Drafting drafting, DraftMasks masks) {
    this.core = core;
    table = core.table;
    this.drafting = drafting;
    this.masks = masks;
    check = new DraftCheck(core);
  }

  /**
   * Lists those of the sampled sequences that are to be drafted and have nothing in flight; none of
   * the sampled ones has drafts any more.
   */
  void begin(IntColumn sampled) {
    handles.shrink(0);
    for (int i = 0; i < sampled.size(); i++) {
      int handle = sampled.get(i);
      table.numDrafts[handle] = 0;
      if (table.draftLength[handle] > 0 && table.numUnread[handle] == 0) {
        handles.add(handle);
      }
    }
  }

  /** The call of the drafter is over: who kept the batch sees nobody in it. */
  void end() {
    handles.shrink(0);
  }

  @Override public int numSequences() {
    return handles.size();
  }

  private int handleAt(int index) {
    if (index < 0 || index >= handles.size()) {
      throw new IndexOutOfBoundsException(
          "sequence " + index + " of " + handles.size() + " to be drafted");
    }
    return handles.get(index);
  }

  @Override public int handle(int index) {
    return handleAt(index);
  }

  @Override public SequenceView sequence(int index) {
    return table.view[handleAt(index)];
  }

  @Override public SamplingParameters sampling(int index) {
    return table.sampling[handleAt(index)];
  }

  @Override public long seed(int index) {
    return table.seed[handleAt(index)];
  }

  @Override public int vocabularySize() {
    return core.spec.vocabularySize();
  }

  @Override public TokenSequence tokens(int index) {
    int handle = handleAt(index);
    return core.tokens.view(handle, table.numKnown(handle));
  }

  @Override public int maxNumDraftTokens(int index) {
    int handle = handleAt(index);
    return Math.min(drafting.room(handle), table.draftLength[handle]);
  }

  @Override public boolean takesTrees() {
    return core.spec.verifiesTrees();
  }

  @Override public DraftAnswer propose(int index, Drafts drafts) {
    int handle = handleAt(index);
    DraftAnswer answer = check.check(handle, drafts, maxNumDraftTokens(index));
    Drafts taken = answer.isTaken() ? drafts : none;
    if (taken.numDrafts() > 0 && table.asksFor(handle, SequenceTable.ASKS_MASK)) {
      masks.copyPermitted(handle, drafts, permitted);
      taken = permitted;
    }
    core.inputs.onDrafts(
        index, table.requestId[handle], table.sampleIndex[handle], taken);
    core.drafts.set(handle, taken, taken.numDrafts());
    table.numDrafts[handle] = taken.numDrafts();
    if (!answer.isTaken()) {
      core.listener.onDraftsRefused(
          table.requestId[handle], table.sampleIndex[handle], answer, drafting.nowNanos());
    }
    return answer;
  }
}
