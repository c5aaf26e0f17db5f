package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;
import java.util.function.Predicate;

/** Which running sequences get rows. */
public enum RowKind implements Predicate<SequenceView> {
  /** Those that have sampled since they were admitted. */
  DECODE,
  /** Those that compute a prompt, or once more what they had lost. */
  PREFILL,
  ANY;

  @Override public boolean test(SequenceView sequence) {
    return this == ANY || sequence.isPrefill() == (this == PREFILL);
  }
}
