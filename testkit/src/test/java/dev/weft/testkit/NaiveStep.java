package dev.weft.testkit;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.testkit.NaiveScheduler.Mistake;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One step of {@link NaiveScheduler} being planned. */
final class NaiveStep implements StepBuilder {
  private final NaiveScheduler scheduler;
  private final long nowNanos;
  private final List<NaiveSequence> running;
  private final List<NaiveSequence> waiting;
  final Map<NaiveSequence, Integer> rows = new LinkedHashMap<>();
  final Set<NaiveSequence> preempted = new HashSet<>();
  private int numTokensLost;

  NaiveStep(NaiveScheduler scheduler, long nowNanos) {
    this.scheduler = scheduler;
    this.nowNanos = nowNanos;
    running = List.copyOf(scheduler.running);
    waiting = List.copyOf(scheduler.waiting);
  }

  // ---- verbs

  @Override public Grant schedule(SequenceView view, int numTokens, int numPlaceholders) {
    NaiveSequence sequence = alive(view);
    if (rows.containsKey(sequence) || preempted.contains(sequence)) {
      return Grant.NOT_IN_THIS_STEP;
    }
    if (sequence.status == SequenceStatus.BLOCKED) {
      return Grant.BLOCKED;
    }
    if (numTokens < 1 || numTokens > sequence.numPending() || numPlaceholders != 0) {
      throw new IllegalArgumentException("request " + sequence.requestId() + ": " + numTokens
          + " tokens of " + sequence.numPending() + " and " + numPlaceholders
          + " placeholders of 0");
    }
    Grant refusal = refusal(sequence, numTokens);
    if (!refusal.isGranted()) {
      if (scheduler.mistake == Mistake.TAKES_BLOCKS_WHEN_REFUSING) {
        scheduler.kvCache.reserve(sequence.handle(), 0, sequence.numComputed + numTokens);
      }
      return refusal;
    }
    int numPositions = sequence.numComputed + numTokens + limits().numLookaheadTokens();
    if (!scheduler.kvCache.reserve(sequence.handle(), sequence.numComputed,
        Math.min(numPositions, limits().maxModelLen()))) {
      return Grant.NO_BLOCKS;
    }
    if (sequence.status == SequenceStatus.WAITING) {
      sequence.status = SequenceStatus.RUNNING;
      sequence.slot = scheduler.freeSlots.remove();
      sequence.isSkipped = false;
    }
    sequence.isScheduled = true;
    sequence.lastRowNanos = nowNanos;
    rows.put(sequence, numTokens);
    return Grant.GRANTED;
  }

  private Grant refusal(NaiveSequence sequence, int numTokens) {
    if (!scheduler.setup.spec().mixesPrefillAndDecode()
        && rows.entrySet().stream().anyMatch(row -> isDecode(row.getKey(), row.getValue())
            != isDecode(sequence, numTokens))) {
      return Grant.NO_SHAPE;
    }
    if (!hasAdapterRoom(sequence)) {
      return Grant.NO_ADAPTER;
    }
    if (sequence.status == SequenceStatus.WAITING && numFreeSlots() == 0) {
      return Grant.NO_SLOTS;
    }
    return numTokens > tokenBudget() ? Grant.NO_TOKENS : Grant.GRANTED;
  }

  private static boolean isDecode(NaiveSequence sequence, int numTokens) {
    return sequence.hasSampled && sequence.numComputed + numTokens == sequence.tokens.size();
  }

  @Override public boolean preempt(SequenceView view) {
    NaiveSequence sequence = alive(view);
    if (sequence.status != SequenceStatus.RUNNING) {
      throw new IllegalArgumentException("request " + sequence.requestId() + " does not run");
    }
    Integer numWithdrawn = rows.remove(sequence);
    if (numWithdrawn != null && scheduler.mistake == Mistake.KEEPS_TOKENS_OF_WITHDRAWN_ROWS) {
      numTokensLost += numWithdrawn;
    }
    preempted.add(sequence);
    scheduler.loseBlocks(sequence);
    return true;
  }

  @Override public void skip(SequenceView view) {
    NaiveSequence sequence = alive(view);
    if (sequence.status != SequenceStatus.WAITING) {
      throw new IllegalArgumentException("request " + sequence.requestId() + " does not wait");
    }
    sequence.isSkipped = true;
  }

  private NaiveSequence alive(SequenceView view) {
    NaiveSequence sequence = (NaiveSequence) view;
    if (sequence.status == SequenceStatus.FINISHED) {
      throw new IllegalArgumentException("request " + sequence.requestId() + " ended");
    }
    return sequence;
  }

  // ---- facts

  @Override public SequenceList running() {
    return list(running);
  }

  @Override public SequenceList waiting() {
    return list(waiting);
  }

  private static SequenceList list(List<NaiveSequence> sequences) {
    return new SequenceList() {
      @Override public int size() {
        return sequences.size();
      }

      @Override public SequenceView get(int index) {
        return sequences.get(index);
      }
    };
  }

  @Override public int numRunning() {
    return (int) scheduler.live.values().stream()
        .filter(sequence -> sequence.status == SequenceStatus.RUNNING).count();
  }

  @Override public int maxNumRunning() {
    return scheduler.pause == PauseMode.NONE ? scheduler.caps.maxNumSeqs() : 0;
  }

  @Override public int numFreeSlots() {
    return Math.max(0, Math.min(maxNumRunning() - numRunning(), scheduler.freeSlots.size()));
  }

  @Override public int numScheduledTokens(SequenceView sequence) {
    return rows.getOrDefault(alive(sequence), 0);
  }

  @Override public int numRows() {
    return rows.size();
  }

  @Override public int tokenBudget() {
    int numUsed = rows.values().stream().mapToInt(n -> n + limits().numExtraRowTokens()).sum();
    numUsed += numTokensLost;
    int numLeft = scheduler.caps.maxNumBatchedTokens() - numUsed - limits().numExtraRowTokens();
    return scheduler.pause == PauseMode.ALL ? 0 : Math.max(0, numLeft);
  }

  @Override public boolean hasAdapterRoom(SequenceView sequence) {
    Set<Integer> adapters = new HashSet<>();
    rows.keySet().forEach(row -> adapters.add(row.adapterId()));
    adapters.add(sequence.adapterId());
    adapters.remove(0);
    return limits().maxNumAdapters() == 0 || sequence.adapterId() == 0
        || adapters.size() <= limits().maxNumAdapters();
  }

  @Override public int startPosition(SequenceView sequence) {
    return alive(sequence).numComputed;
  }

  @Override public int numPendingTokens(SequenceView sequence) {
    return alive(sequence).numPending();
  }

  @Override public int numFreeBlocks() {
    return scheduler.kvCache.numFreeBlocks();
  }

  @Override public int numTotalBlocks() {
    return scheduler.kvCache.numBlocks();
  }

  @Override public int numBlocks(SequenceView sequence) {
    return scheduler.kvCache.numBlocks(alive(sequence).handle());
  }

  @Override public int numBlocksFreedBy(SequenceView sequence) {
    return numBlocks(sequence);
  }

  @Override public int numBlocksNeeded(SequenceView sequence, int numTokens) {
    return scheduler.kvCache.numBlocksNeeded(alive(sequence).handle(), 0, numTokens);
  }

  @Override public SchedulerLimits limits() {
    return scheduler.setup.limits();
  }

  @Override public int blockSize() {
    return scheduler.setup.spec().blockSize();
  }

  @Override public int chunkUnit() {
    return scheduler.setup.spec().chunkUnit();
  }

  @Override public long nowNanos() {
    return nowNanos;
  }
}
