package dev.weft.testkit;

import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;

/** Something that happens to a scheduler before a step; see {@link Swarm#events}. */
public sealed interface SwarmEvent {
  /** A request arrives. */
  record Add(Request request) implements SwarmEvent {}

  /** A caller gives up a request, which may not live any more. */
  record Abort(long requestId) implements SwarmEvent {}

  /** The host found a stop string in what a sample said so far, which may not live any more. */
  record Stop(long requestId, int sampleIndex) implements SwarmEvent {}

  /** The host pauses, or resumes with {@link PauseMode#NONE}. */
  record Pause(PauseMode mode) implements SwarmEvent {}

  /** The host changes limits within their capacities. */
  record Caps(LiveCaps caps) implements SwarmEvent {}

  /** The host resets the prefix cache. */
  record Reset() implements SwarmEvent {}

  /** What a request waited for outside has come. */
  record Unblock(long requestId) implements SwarmEvent {}

  /** The executor dies with all it holds, and another takes its place. */
  record Die(SchedulerDriver.AfterDeath afterDeath) implements SwarmEvent {}

  /** The host shuts down. */
  record ShutDown() implements SwarmEvent {}

  /** The next step that is not empty ends as failed. */
  record FailStep() implements SwarmEvent {}

  /** A row of the next step that has one yields numbers that are none. */
  record FailRow() implements SwarmEvent {}
}
