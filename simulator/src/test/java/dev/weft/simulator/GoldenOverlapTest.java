package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.conformance.OverlapRun;
import dev.weft.testkit.conformance.Scenario;
import dev.weft.testkit.conformance.ScenarioCase;
import dev.weft.testkit.conformance.ScenarioDriver;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every recorded workload says what its requests say alone, whichever profile serves it and however
 * many steps are in flight: also those of the quirks, which made the original compute from entries
 * that were never written.
 */
final class GoldenOverlapTest {
  @TestFactory Stream<DynamicTest> tokensAreThoseOfTheRequestAlone() {
    return Stream.of("conformance", "conformance/quirks").flatMap(folder ->
        Stream.of(1, 2, 4).flatMap(maxInFlight -> Stream.of(
            test(folder, "vllm", ProfileDriver::vllm, maxInFlight),
            test(folder, "default", ProfileDriver::standard, maxInFlight))));
  }

  private static DynamicTest test(
      String folder, String profile, ScenarioDriver.Factory factory, int maxInFlight) {
    return DynamicTest.dynamicTest(folder + " " + profile + ", in flight " + maxInFlight, () -> {
      long numTokens = 0;
      int maxNumInFlight = 0;
      for (ScenarioCase golden : Goldens.all(folder)) {
        OverlapRun run = run(golden.scenario(), factory, maxInFlight);
        numTokens += run.numTokens();
        maxNumInFlight = Math.max(maxNumInFlight, run.maxNumSeenInFlight());
      }
      assertThat(numTokens).isPositive();
      assertThat(maxNumInFlight).isEqualTo(maxInFlight);
    });
  }

  private static OverlapRun run(
      Scenario scenario, ScenarioDriver.Factory factory, int maxInFlight) {
    OverlapRun run = new OverlapRun(scenario, factory, maxInFlight);
    try {
      run.run();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(run + ": " + e.getMessage(), e);
    }
    return run;
  }
}
