/**
 * Compares a scheduler with recorded decisions of another one. A scenario is a configuration,
 * requests and events; a golden is what the recorded scheduler did with it, step by step;
 * docs/scenarios.md is the schema, which says what every field means. {@link
 * dev.weft.testkit.conformance.Conformance} runs all scenarios of a directory on the scheduler
 * behind a {@link dev.weft.testkit.conformance.ScenarioDriver} and tells every difference.
 */
@NullMarked
package dev.weft.testkit.conformance;

import org.jspecify.annotations.NullMarked;
