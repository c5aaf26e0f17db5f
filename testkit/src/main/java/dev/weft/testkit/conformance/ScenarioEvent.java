package dev.weft.testkit.conformance;

import dev.weft.schedulerapi.PauseMode;
import org.jspecify.annotations.Nullable;

/**
 * What the host does at the beginning of a step.
 *
 * @param pauseMode      for {@code pause}; null for {@code reset_prefix_cache}
 * @param preemptRunning whether the reset preempts who runs
 */
public record ScenarioEvent(int step, @Nullable PauseMode pauseMode, boolean preemptRunning) {}
