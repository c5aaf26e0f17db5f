package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.testkit.NaiveScheduler.Mistake;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;

class WeftArbitrariesProperties {
  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void requestsFitTheLimits(@ForAll("requestsAndLimits") Tuple2<SchedulerLimits, Request> pair) {
    SchedulerLimits limits = pair.get1();
    Request request = pair.get2();

    assertThat(request.numPromptTokens()).isLessThan(limits.maxModelLen());
    assertThat(new SoloRun(new HashModel(limits.vocabularySize()), request, 0, 1,
        limits.maxModelLen())
            .complete()).isNotEmpty();
  }

  @Property(tries = 50)
  void swarmsRun(@ForAll("swarms") Swarm swarm) {
    SwarmRun run = new SwarmRun(swarm, setup -> new NaiveScheduler(setup, Mistake.NONE),
        new FirstComePolicy(), LivenessChecker.Demand.PROGRESS);

    run.run();

    assertThat(run.numSteps()).isPositive();
  }

  @Provide Arbitrary<Tuple2<SchedulerLimits, Request>> requestsAndLimits() {
    return WeftArbitraries.limits().flatMap(limits ->
        WeftArbitraries.requests(7, limits).map(request -> Tuple.of(limits, request)));
  }

  @Provide Arbitrary<Swarm> swarms() {
    return WeftArbitraries.swarms();
  }
}
