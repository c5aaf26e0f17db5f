package dev.weft.testkit.conformance;

import java.util.HashMap;
import java.util.Map;

/** The model and the drafter of the schema: arithmetic, and counts of turns. */
final class FakeModel {
  private final Scenario scenario;
  private final Map<Long, Integer> numVerifications = new HashMap<>();
  private final Map<Long, Integer> numEmissions = new HashMap<>();

  FakeModel(Scenario scenario) {
    this.scenario = scenario;
  }

  int output(ScenarioRequest request, int index) {
    return request.output(index, scenario.vocabularySize());
  }

  /** How many of the drafts of a row are accepted; the next turn of the request. */
  int accept(ScenarioRequest request, int numDrafts) {
    int turn = numVerifications.merge(request.idRank(), 1, Integer::sum) - 1;
    return request.drafts() == null ? 0 : request.drafts().numAccepted(turn, numDrafts);
  }

  /** How many drafts are proposed after an emission; the next turn of the request. */
  int propose(ScenarioRequest request) {
    int turn = numEmissions.merge(request.idRank(), 1, Integer::sum) - 1;
    int max = scenario.config().speculation().numDraftTokens();
    return request.drafts() == null ? 0 : request.drafts().numProposed(turn, max);
  }
}
