package dev.weft.batching;

import static dev.weft.batching.SequenceTable.RUNNING;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;

/** The sequences that the step applied last sampled and that can take drafts. */
final class PendingDrafts implements DraftBatch {
  private final Core core;
  private final SequenceTable table;
  private final DraftCheck check;
  private final Drafts none = new Drafts();
  private final IntColumn handles = new IntColumn();
  /** Result epoch of each handle: another one means that its sequence ended. */
  private final IntColumn epochs = new IntColumn();

  PendingDrafts(Core core) {
    this.core = core;
    table = core.table;
    check = new DraftCheck(core);
  }

  /** Lists the sequences of an applied plan that are still there and have nothing in flight. */
  void begin(PlanBuffer applied) {
    handles.shrink(0);
    epochs.shrink(0);
    if (core.limits.maxNumDraftTokens() == 0) {
      return;
    }
    for (int row = 0; row < applied.numRows; row++) {
      int handle = applied.handle[row];
      if (applied.isSampled[row] && applied.resultEpoch[row] == table.resultEpoch[handle]
          && table.status[handle] == RUNNING && table.numUnread[handle] == 0
          && room(handle) > 0) {
        handles.add(handle);
        epochs.add(table.resultEpoch[handle]);
      }
    }
  }

  /** Strikes off who has ended or lost its blocks since. */
  void dropGone() {
    int kept = 0;
    for (int i = 0; i < handles.size(); i++) {
      int handle = handles.get(i);
      if (table.status[handle] == RUNNING && table.resultEpoch[handle] == epochs.get(i)) {
        handles.set(kept, handle);
        epochs.set(kept++, table.resultEpoch[handle]);
      }
    }
    handles.shrink(kept);
    epochs.shrink(kept);
  }

  void clear() {
    handles.shrink(0);
    epochs.shrink(0);
  }

  /** A masked row has one row of bits, for its last known token, so it takes no drafts. */
  private int room(int handle) {
    if (table.asksFor(handle, SequenceTable.ASKS_MASK)) {
      return 0;
    }
    if (core.draftBooks == DraftBooks.LAZY) {
      return core.limits.maxNumDraftTokens();
    }
    int beforeLast = table.maxNumTokens[handle] - 1 - table.numTokens[handle];
    return Math.min(core.limits.maxNumDraftTokens(), beforeLast);
  }

  @Override public int numSequences() {
    return handles.size();
  }

  @Override public int vocabularySize() {
    return core.spec.vocabularySize();
  }

  @Override public int handle(int index) {
    return handles.get(index);
  }

  @Override public SequenceView sequence(int index) {
    return table.view[handles.get(index)];
  }

  @Override public SamplingParameters sampling(int index) {
    return table.sampling[handles.get(index)];
  }

  @Override public long seed(int index) {
    return table.seed[handles.get(index)];
  }

  @Override public boolean takesTrees() {
    return core.spec.verifiesTrees();
  }

  @Override public TokenSequence tokens(int index) {
    int handle = handles.get(index);
    return core.tokens.view(handle, table.numKnown(handle));
  }

  @Override public int maxNumDraftTokens(int index) {
    return room(handles.get(index));
  }

  @Override public DraftAnswer propose(int index, Drafts drafts) {
    int handle = handles.get(index);
    DraftAnswer answer = check.check(handle, drafts, room(handle));
    Drafts taken = answer.isTaken() ? drafts : none;
    core.inputs.onDrafts(index, table.requestId[handle], table.sampleIndex[handle], taken);
    table.setDrafts(handle, taken);
    return answer;
  }
}
