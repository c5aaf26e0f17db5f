package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;

/** How urgent a sequence is to a policy; smaller is more urgent. */
@FunctionalInterface
interface Urgency {
  /** All are equal: nobody takes the place of anybody. */
  Urgency NONE = sequence -> 0;

  /** As the request says. */
  Urgency PRIORITY = sequence -> sequence.priority();

  long of(SequenceView sequence);
}
