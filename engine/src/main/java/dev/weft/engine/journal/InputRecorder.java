package dev.weft.engine.journal;

import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.InputListener;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.StepResult;

/** Puts what comes into a scheduler on a tape. */
final class InputRecorder implements InputListener {
  private final Tape tape;

  InputRecorder(Tape tape) {
    this.tape = tape;
  }

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    synchronized (tape) {
      tape.add(request, seed, nowNanos);
    }
  }

  @Override public void onAbort(long requestId, long nowNanos) {
    synchronized (tape) {
      tape.timed(RecordKind.ABORT, nowNanos).signed(requestId);
    }
  }

  @Override public void onStop(long requestId, int sampleIndex, int numTokensKept, long nowNanos) {
    synchronized (tape) {
      RecordWriter out = tape.timed(RecordKind.STOP, nowNanos);
      out.signed(requestId);
      out.number(sampleIndex);
      out.number(numTokensKept);
    }
  }

  @Override public void onUnblock(long requestId) {
    synchronized (tape) {
      tape.record(RecordKind.UNBLOCK).signed(requestId);
    }
  }

  @Override public void onPlan(long nowNanos) {
    synchronized (tape) {
      tape.timed(RecordKind.PLAN, nowNanos);
    }
  }

  @Override public void onMask(MaskAnswer answer) {
    synchronized (tape) {
      tape.record(RecordKind.MASK).number(answer.ordinal());
    }
  }

  /** A result of transfers alone changes nothing. */
  @Override public void onUpdate(StepResult result, long nowNanos) {
    if (result.stepId() != StepResult.TRANSFERS_ONLY) {
      synchronized (tape) {
        tape.update(result, nowNanos);
      }
    }
  }

  @Override public void onDraft(long nowNanos) {
    synchronized (tape) {
      tape.timed(RecordKind.DRAFT, nowNanos);
    }
  }

  @Override public void onDraftLength(int index, int numDraftTokens) {
    synchronized (tape) {
      RecordWriter out = tape.record(RecordKind.DRAFT_LENGTH);
      out.number(index);
      out.number(numDraftTokens);
    }
  }

  @Override public void onDrafts(int index, long requestId, int sampleIndex, Drafts drafts) {
    synchronized (tape) {
      tape.drafts(index, requestId, sampleIndex, drafts);
    }
  }

  @Override public void onExecutorDead(DeadExecutorMode mode, long nowNanos) {
    synchronized (tape) {
      tape.timed(RecordKind.DEAD, nowNanos).number(mode.ordinal());
      tape.book.retireAll();
    }
  }

  @Override public void onPause(PauseMode mode) {
    synchronized (tape) {
      tape.record(RecordKind.PAUSE).number(mode.ordinal());
    }
  }

  @Override public void onCaps(LiveCaps caps) {
    synchronized (tape) {
      RecordWriter out = tape.record(RecordKind.CAPS);
      out.number(caps.maxNumSeqs());
      out.number(caps.maxNumBatchedTokens());
      out.number(caps.maxNumWaiting());
    }
  }

  @Override public void onResetPrefixCache(boolean preemptRunning, long nowNanos) {
    synchronized (tape) {
      tape.timed(RecordKind.RESET, nowNanos).number(preemptRunning ? 1 : 0);
    }
  }

  @Override public void onShutDown(long nowNanos) {
    synchronized (tape) {
      tape.timed(RecordKind.SHUT_DOWN, nowNanos);
    }
  }
}
