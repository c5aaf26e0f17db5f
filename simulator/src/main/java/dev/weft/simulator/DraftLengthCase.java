package dev.weft.simulator;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.speculative.AdaptiveDraftLength;
import dev.weft.speculative.DraftLengthByBatchSize;
import dev.weft.speculative.FixedDraftLength;
import dev.weft.speculative.GoodputDraftLength;
import dev.weft.speculative.OffUnderLoad;
import dev.weft.speculative.SloDraftLength;
import java.util.List;
import java.util.function.Supplier;

/** The policies of draft lengths that simulated runs have, one each. */
enum DraftLengthCase {
  LONGEST(() -> DraftLengthPolicy.LONGEST),
  FIXED(() -> new FixedDraftLength(2)),
  BY_BATCH_SIZE(() -> new DraftLengthByBatchSize(List.of(
      new DraftLengthByBatchSize.Range(1, 2, 8), new DraftLengthByBatchSize.Range(3, 6, 2),
      new DraftLengthByBatchSize.Range(7, 64, 0)), 1)),
  ADAPTIVE(AdaptiveDraftLength::new),
  GOODPUT(GoodputDraftLength::new),
  SLO(SloDraftLength::new),
  OFF_UNDER_LOAD(() -> new OffUnderLoad(
      DraftLengthPolicy.LONGEST, new OffUnderLoad.Band(1, 4), new OffUnderLoad.Band(1, 8)));

  @SuppressWarnings("ImmutableEnumChecker") // Every function above is.
  private final Supplier<DraftLengthPolicy> policy;

  DraftLengthCase(Supplier<DraftLengthPolicy> policy) {
    this.policy = policy;
  }

  /** A fresh policy of the scenario. */
  static DraftLengthPolicy draw(Scenario scenario) {
    return values()[scenario.random.below(values().length)].policy.get();
  }
}
