package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import org.jspecify.annotations.Nullable;

/**
 * Says who comes up for admission next, where that changes with every admission, so that no order
 * of the waiting list can say it. Whoever it names is admitted, is passed over, or ends the pass.
 */
public interface Candidates {
  /** A pass over the waiting sequences begins; there may be several in a step. */
  void begin(StepFacts step);

  /**
   * A sequence of {@link StepFacts#waiting} that was not named yet in this pass, null when there is
   * none; it may have been admitted in an earlier pass of the step.
   */
  @Nullable SequenceView next(StepFacts step);}
