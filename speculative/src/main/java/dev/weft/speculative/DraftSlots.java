package dev.weft.speculative;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The sequences that a draft model holds: who has which slot, and what the device has computed for
 * it. Every slot has a region of blocks of its own that fits the longest sequence, so nothing is
 * ever allocated or evicted; who finds no slot takes that of the one drafted least recently.
 *
 * <pre>
 * tokens    | known when drafted last: base | d0 | d1 | d2 |
 * computed  |-------------------------------------------|     all but the draft sampled last
 * kept      |-----------------------------------| if d0 came out and d1 did not
 * </pre>
 */
final class DraftSlots {
  static final int NONE = -1;
  private static final int REFUSED = -2;

  private final int numSlots;
  private final int numBlocksPerSlot;

  // By slot.
  private final int[] owner;
  private final boolean[] isAttached;
  private final DraftPlan.@Nullable Attachment[] attachment;
  private final boolean[] hasSampled;
  private final long[] lastUse;
  private final int[] numComputed;
  private final int[] numChecked;
  private final int[] base;
  private final int[][] drafts;
  private final int[] numDrafts;

  /** By handle; grows. */
  private int[] slotOfHandle = {};

  DraftSlots(ExecutorSpec spec) {
    numBlocksPerSlot = (spec.maxModelLen() + spec.blockSize() - 1) / spec.blockSize();
    numSlots = Math.min(spec.numSlots(), (spec.numBlocks() - 1) / numBlocksPerSlot);
    if (numSlots == 0) {
      throw new IllegalArgumentException("numBlocks of the draft executor is " + spec.numBlocks()
          + ", must be " + (numBlocksPerSlot + 1) + " or more: one sequence of maxModelLen "
          + spec.maxModelLen() + " takes " + numBlocksPerSlot + " blocks of " + spec.blockSize()
          + ", beside the null block");
    }
    owner = new int[numSlots];
    Arrays.fill(owner, NONE);
    isAttached = new boolean[numSlots];
    attachment = new DraftPlan.Attachment[numSlots];
    hasSampled = new boolean[numSlots];
    lastUse = new long[numSlots];
    numComputed = new int[numSlots];
    numChecked = new int[numSlots];
    base = new int[numSlots];
    drafts = new int[numSlots][8];
    numDrafts = new int[numSlots];
  }

  int numSlots() {
    return numSlots;
  }

  int numBlocksPerSlot() {
    return numBlocksPerSlot;
  }

  /** First block of the slot's region; block 0 is the null block. */
  int firstBlock(int slot) {
    return 1 + slot * numBlocksPerSlot;
  }

  // ---- who has it

  /** The slot of a sequence, or {@link #NONE}. */
  int slotOf(int handle) {
    return Math.max(NONE, stateOf(handle));
  }

  /** True for a sequence that can never be drafted. */
  boolean isRefused(int handle) {
    return stateOf(handle) == REFUSED;
  }

  private int stateOf(int handle) {
    return handle < slotOfHandle.length ? slotOfHandle[handle] : NONE;
  }

  /**
   * Finds the slot that can be given away with the least loss: free, of a sequence that ended, or
   * least recently used.
   *
   * @param thisUse slots used in this call are not given away
   * @return a slot, or {@link #NONE}; cost O(slots)
   */
  int leastUsed(long thisUse) {
    int best = NONE;
    for (int slot = 0; slot < numSlots; slot++) {
      boolean isCandidate = owner[slot] == NONE || lastUse[slot] < thisUse;
      if (isCandidate && (best == NONE || rank(slot) < rank(best))) {
        best = slot;
      }
    }
    return best;
  }

  private long rank(int slot) {
    return owner[slot] != NONE ? lastUse[slot] : isAttached[slot] ? -1 : -2;
  }

  /** Gives the slot to a sequence of which nothing is computed yet. */
  void give(int slot, int handle, DraftPlan.Attachment newAttachment) {
    if (owner[slot] != NONE) {
      slotOfHandle[owner[slot]] = NONE;
    }
    if (handle >= slotOfHandle.length) {
      int length = slotOfHandle.length;
      slotOfHandle = Arrays.copyOf(slotOfHandle, Math.max(handle + 1, 2 * length));
      Arrays.fill(slotOfHandle, length, slotOfHandle.length, NONE);
    }
    slotOfHandle[handle] = slot;
    owner[slot] = handle;
    attachment[slot] = newAttachment;
    hasSampled[slot] = false;
    numComputed[slot] = 0;
    numChecked[slot] = 0;
    base[slot] = 0;
    numDrafts[slot] = 0;
  }

  /** The sequence ended, if it had a slot; the slot stays attached until somebody needs it. */
  void takeFrom(int handle) {
    int slot = slotOf(handle);
    if (slot != NONE) {
      owner[slot] = NONE;
    }
    if (handle < slotOfHandle.length) {
      slotOfHandle[handle] = NONE;
    }
  }

  boolean isAttached(int slot) {
    return isAttached[slot];
  }

  void setAttached(int slot, boolean value) {
    isAttached[slot] = value;
  }

  /** Who has the slot, or had it last. */
  DraftPlan.Attachment attachment(int slot) {
    DraftPlan.Attachment current = attachment[slot];
    if (current == null) {
      throw new IllegalStateException("draft slot " + slot + " was never given to a sequence");
    }
    return current;
  }

  // ---- what is computed

  /**
   * Begins to draft behind the known tokens: keeps what was computed of them, drafts that came out
   * included, and forgets the drafts. The last known token is always computed again, since the
   * first draft is sampled behind it.
   *
   * @param vocabularySize a sequence with a known token from this on can never be drafted
   * @return false for such a sequence, which loses the slot and is refused until it ends
   */
  boolean begin(int slot, TokenSequence known, int vocabularySize, long thisUse) {
    lastUse[slot] = thisUse;
    int numKnown = known.numTokens();
    int kept = Math.min(numComputed[slot], base[slot]);
    while (kept < Math.min(numComputed[slot], numKnown)
        && drafts[slot][kept - base[slot]] == known.token(kept)) {
      kept++;
    }
    numComputed[slot] = Math.min(kept, numKnown - 1);
    base[slot] = numKnown;
    numDrafts[slot] = 0;
    while (numChecked[slot] < numKnown) {
      if (known.token(numChecked[slot]) >= vocabularySize) {
        slotOfHandle[owner[slot]] = REFUSED;
        owner[slot] = NONE;
        return false;
      }
      numChecked[slot]++;
    }
    return true;
  }

  int numComputed(int slot) {
    return numComputed[slot];
  }

  /** Notes how far the device has computed. */
  void setComputed(int slot, int numTokens) {
    numComputed[slot] = numTokens;
  }

  /** True when it sampled since it was attached. */
  boolean hasSampled(int slot) {
    return hasSampled[slot];
  }

  void setSampled(int slot) {
    hasSampled[slot] = true;
  }

  int numDrafts(int slot) {
    return numDrafts[slot];
  }

  int draft(int slot, int index) {
    return drafts[slot][index];
  }

  void addDraft(int slot, int token) {
    if (numDrafts[slot] == drafts[slot].length) {
      drafts[slot] = Arrays.copyOf(drafts[slot], 2 * numDrafts[slot]);
    }
    drafts[slot][numDrafts[slot]++] = token;
  }

  /** The last draft is another one than was sampled. */
  void replaceLastDraft(int slot, int token) {
    drafts[slot][numDrafts[slot] - 1] = token;
  }

  /** Position of the next draft. */
  int nextPosition(int slot) {
    return base[slot] + numDrafts[slot];
  }
}
