package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;
import java.util.Arrays;

/**
 * A number for each sequence, for a policy's own account: an array by handle that grows when a new
 * handle is written. Handles are given to others, so a policy sets the number when a sequence
 * begins to live. O(1); allocates nothing once it has seen all handles.
 */
public final class SequenceLongs {
  private long[] byHandle = new long[64];

  /** All are 0. */
  public SequenceLongs() {}

  public long get(SequenceView sequence) {
    int handle = sequence.handle();
    return handle < byHandle.length ? byHandle[handle] : 0;
  }

  /** True when the number was another one. */
  public boolean set(SequenceView sequence, long value) {
    int handle = sequence.handle();
    if (handle >= byHandle.length) {
      byHandle = Arrays.copyOf(byHandle, Math.max(2 * byHandle.length, handle + 1));
    }
    boolean isNew = byHandle[handle] != value;
    byHandle[handle] = value;
    return isNew;
  }

  /** Adds to the number and returns the sum. */
  public long add(SequenceView sequence, long value) {
    long sum = get(sequence) + value;
    set(sequence, sum);
    return sum;
  }
}
