package dev.weft.testkit.conformance;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import java.util.Arrays;

/** Says a scenario in terms of limits, an executor and requests. */
final class ScenarioSetup {
  private final Scenario scenario;
  final SchedulerLimits limits;
  final ExecutorSpec spec;

  ScenarioSetup(Scenario scenario, int maxInFlight) {
    this.scenario = scenario;
    limits = limits(scenario, maxInFlight);
    spec = ExecutorSpec.builder()
        .vocabularySize(limits.vocabularySize())
        .maxModelLen(limits.maxModelLen())
        .blockSize(scenario.config().blockSize())
        .numBlocks(scenario.config().numBlocks())
        .numSlots((1 + maxInFlight) * limits.maxNumSeqs())
        .maxNumRows(limits.maxNumSeqs())
        .maxNumBatchedTokens(limits.maxNumBatchedTokens())
        .maxNumDraftTokens(limits.maxNumDraftTokens())
        .maxInFlight(maxInFlight)
        .build();
  }

  /** Never more sequences run than there are requests, so arrays need not be longer. */
  private static SchedulerLimits limits(Scenario scenario, int maxInFlight) {
    ScenarioConfig config = scenario.config();
    Speculation speculation = config.speculation();
    int numRequests = Math.max(1, scenario.requests().size());
    return SchedulerLimits.builder()
        .maxNumWaiting(numRequests)
        .maxNumSeqs(Math.min(config.maxNumSeqs(), numRequests))
        .maxNumBatchedTokens(config.maxNumBatchedTokens())
        .maxModelLen(config.maxModelLen())
        .vocabularySize(vocabularySize(scenario))
        .maxInFlight(maxInFlight)
        .maxNumAdapters(config.maxNumAdapters())
        .numExtraRowTokens(speculation.numExtraRowTokens())
        .numLookaheadTokens(Math.min(speculation.numLookaheadTokens(), config.maxModelLen()))
        .maxNumDraftTokens(speculation.numDraftTokens())
        .maxNumEmptySteps(Integer.MAX_VALUE)
        .build();
  }

  /** The end token is one id behind the ordinary ones; literal tokens may be greater still. */
  private static int vocabularySize(Scenario scenario) {
    int max = scenario.vocabularySize();
    for (ScenarioRequest request : scenario.requests()) {
      max = Math.max(max, Arrays.stream(request.prompt()).max().orElse(0));
    }
    return max + 1;
  }

  /**
   * The request under the rank of its id, so that numbers compare as the texts do. A minimum of
   * tokens above the maximum is the maximum, as where only the minimum is tested first.
   */
  Request request(ScenarioRequest request) {
    int maxNewTokens = Math.max(1, Math.max(request.maxTokens(), request.minTokens()));
    Request.Builder builder = Request.builder(request.idRank(), request.prompt())
        .sampling(SamplingParameters.builder().maxNewTokens(maxNewTokens)
            .minNewTokens(request.minTokens()).stopTokenIds(scenario.vocabularySize()).build())
        .priority(scenario.config().usesPriorities() ? request.priority() : 0)
        .arrivalNanos(request.arrivalRank())
        .cacheSalt(request.cacheSalt() == null ? "" : "salt " + request.cacheSalt())
        .adapterId(request.adapter());
    return request.skipsCacheRead() ? builder.skipCacheRead().build() : builder.build();
  }
}
