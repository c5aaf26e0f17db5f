package dev.weft.testkit.conformance;

import java.util.List;

/**
 * One input of a scheduler: an engine, requests, and what happens to them.
 *
 * @param vocabularySize ordinary token ids are below this; the end token is this
 * @param maxNumSteps    after so many steps the run is stopped
 * @param requests       in the order of arrival within a step
 */
public record Scenario(String name, String note, List<String> tags, int vocabularySize,
    ScenarioConfig config, int maxNumSteps, List<ScenarioRequest> requests,
    List<ScenarioEvent> events) {
  /** The largest step that the scenario names; -1 when it names none. */
  int lastNamedStep() {
    int last = -1;
    for (ScenarioRequest request : requests) {
      last = Math.max(last, Math.max(request.arrivalStep(), request.abortStep()));
    }
    for (ScenarioEvent event : events) {
      last = Math.max(last, event.step());
    }
    return last;
  }
}
