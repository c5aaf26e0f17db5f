package dev.weft.batching;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.WaitingOrder;
import org.agrona.collections.Long2LongHashMap;

/** The parts of one scheduler, shared by the classes that act on them. */
final class Core {
  static final long NO_HANDLE = -1;
  final SchedulerLimits limits;
  final ExecutorSpec spec;
  final KvCache kvCache;
  final ListenerCalls listener;
  final InputListener inputs;
  final PolicyCalls policy;
  final DraftCalls draftCalls;
  final SequenceTable table;
  final TokenPages tokens;
  final DraftStore drafts;
  final RunningList running;
  final WaitingOrder waitingOrder;
  final boolean acceptsWhatNeverFits;
  final DraftBooks draftBooks;
  final WaitingList waiting;
  final DeadlineHeap deadlines;
  final SlotPool slots;
  final PlanRing plans;
  final Stats stats;
  /** Request id to the handle of its first sample. */
  final Long2LongHashMap leaders;
  /** Request ids to report in the next plan. */
  final LongColumn preempted = new LongColumn();
  final LongColumn released = new LongColumn();
  LiveCaps caps;
  PauseMode pause = PauseMode.NONE;
  /** Nobody is admitted until the prefixes of a failed step are forgotten: a transfer pins some. */
  boolean mustClearPrefixes;
  int numRunning;
  int numBlocked;
  /** Further samples whose prompt is still computed by their leader. */
  int numUnborn;

  Core(SchedulerBuilder b) {
    limits = b.limits;
    spec = b.spec;
    kvCache = b.kvCache;
    listener = new ListenerCalls(b.listener);
    inputs = b.inputs;
    policy = new PolicyCalls(b.policy, listener);
    draftCalls = new DraftCalls(b.drafter, b.draftLengths, listener);
    table = new SequenceTable(limits);
    tokens = new TokenPages(limits.maxNumHandles());
    drafts = new DraftStore(
        limits.maxNumHandles(), limits.maxNumDraftTokens(), spec.verifiesTrees());
    running = new RunningList(table, limits.maxNumSeqs());
    waitingOrder = policy.waitingOrder();
    acceptsWhatNeverFits = policy.acceptsWhatNeverFits();
    draftBooks = policy.draftBooks();
    waiting = new WaitingList(table.view, waitingOrder);
    deadlines = new DeadlineHeap(limits.maxNumHandles());
    slots = new SlotPool(spec.numSlots());
    plans = new PlanRing(limits, spec);
    stats = new Stats(this);
    leaders = new Long2LongHashMap(NO_HANDLE);
    caps = LiveCaps.of(limits);
  }

  /** Sets up to where the sequence may write, now that the cache has given or taken blocks. */
  void noteBlocks(int handle) {
    table.writableEnd[handle] =
        kvCache.numBlocks(handle) * blockSize() - limits.numLookaheadTokens();
  }

  /** Sequences that can still be admitted. */
  int numFreeSlots() {
    return Math.max(0, Math.min(maxNumRunning() - numRunning, slots.numFree()));
  }

  /** Sequences that may run at once; those above it that run already go on. */
  int maxNumRunning() {
    return pause == PauseMode.NONE && !mustClearPrefixes ? caps.maxNumSeqs() : 0;
  }

  /** Sequences that {@code maxNumWaiting} bounds. */
  int numSequencesWaiting() {
    return waiting.size() + numBlocked + numUnborn;
  }

  /** Only block tables let one sequence read what another one computed. */
  boolean canShareBlocks() {
    return spec.kvKind() == KvKind.BLOCK_TABLE;
  }

  int blockSize() {
    return spec.blockSize();
  }
}
