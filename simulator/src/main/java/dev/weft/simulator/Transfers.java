package dev.weft.simulator;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.SplitMix;
import java.util.ArrayDeque;

/**
 * Transfers under way: each pins one KV block until its completion was reported through the
 * scheduler.
 */
final class Transfers implements SchedulerListener {
  private static final int MAX_NUM_TRANSFERS = 24;
  private final KvCache kvCache;
  private final SplitMix random;
  private final PinListener pins;
  private final ArrayDeque<Transfer> underWay = new ArrayDeque<>();
  private final ArrayDeque<Transfer> reported = new ArrayDeque<>();
  private int lastId;

  Transfers(KvCache kvCache, SplitMix random, PinListener pins) {
    this.kvCache = kvCache;
    this.random = random;
    this.pins = pins;
  }

  /** Begins to transfer some blocks of a running sequence. */
  void begin(SequenceList running, long nowNanos) {
    if (running.size() == 0) {
      return;
    }
    int handle = running.get(random.below(running.size())).handle();
    int numBlocks = kvCache.numBlocks(handle);
    for (int i = random.below(numBlocks + 1); i < numBlocks && size() < MAX_NUM_TRANSFERS; i++) {
      int block = kvCache.block(handle, i);
      pins.onPin(block);
      kvCache.pin(block);
      underWay.add(new Transfer(++lastId, block, nowNanos + 1_000_000L * random.between(1, 200)));
    }
  }

  int size() {
    return underWay.size() + reported.size();
  }

  /** Adds to a result the transfers that have ended. */
  void report(StepResult result, long nowNanos) {
    for (int i = underWay.size(); i > 0; i--) {
      Transfer transfer = underWay.remove();
      if (transfer.endNanos <= nowNanos) {
        result.addFinishedTransfer(transfer.id);
        reported.add(transfer);
      } else {
        underWay.add(transfer);
      }
    }
  }

  @Override public void onTransferFinished(int transferId, long nowNanos) {
    Transfer transfer = reported.remove();
    if (transfer.id != transferId) {
      throw new AssertionError("transfer " + transferId + " ended, expected " + transfer.id);
    }
    pins.onUnpin(transfer.block);
    kvCache.unpin(transfer.block);
  }

  /** Is told of what is done to the cache behind the scheduler's back. */
  interface PinListener {
    /** Hears nothing. */
    PinListener NONE = new PinListener() {};

    default void onPin(int block) {}

    default void onUnpin(int block) {}
  }

  /** One block on its way. */
  private record Transfer(int id, int block, long endNanos) {}
}
