package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.speculative.DraftLengthByBatchSize.Range;
import dev.weft.speculative.OffUnderLoad.Band;
import dev.weft.testkit.DraftLengthContract;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** Every policy keeps the contract. */
final class DraftLengthPoliciesTest {
  @Nested class Fixed extends DraftLengthContract {
    @Override protected DraftLengthPolicy create() {
      return new FixedDraftLength(4);
    }

    @Override protected boolean learnsFromAcceptance() {
      return false;
    }
  }

  @Nested class ByBatchSize extends DraftLengthContract {
    @Override protected DraftLengthPolicy create() {
      return new DraftLengthByBatchSize(
          List.of(new Range(1, 4, 5), new Range(8, 9, 2), new Range(12, 20, 0)), 1);
    }

    @Override protected boolean learnsFromAcceptance() {
      return false;
    }
  }

  @Nested class Adaptive extends DraftLengthContract {
    @Override protected DraftLengthPolicy create() {
      return new AdaptiveDraftLength();
    }
  }

  @Nested class Goodput extends DraftLengthContract {
    @Override protected DraftLengthPolicy create() {
      return new GoodputDraftLength();
    }
  }

  @Nested class GoodputWithRounds extends DraftLengthContract {
    @Override protected DraftLengthPolicy create() {
      return new GoodputDraftLength(
          LinearStepTime.H100_8B, new DraftCost(1_000_000, 10_000), 5);
    }
  }

  @Nested class Slo extends DraftLengthContract {
    @Override protected DraftLengthPolicy create() {
      return new SloDraftLength(new LinearStepTime(1e6, 0, 20_000, 0), 0.3, 8);
    }
  }

  @Nested class SloMeasured extends DraftLengthContract {
    @Override protected DraftLengthPolicy create() {
      return new SloDraftLength();
    }
  }

  @Nested class GoodputOffUnderLoad extends DraftLengthContract {
    @Override protected DraftLengthPolicy create() {
      return new OffUnderLoad(new GoodputDraftLength(), new Band(6, 10), new Band(2, 5));
    }
  }
}
