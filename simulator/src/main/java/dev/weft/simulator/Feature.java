package dev.weft.simulator;

/** What a simulated run has beside plain requests; most runs have some and lack others. */
enum Feature {
  /** Requests are of different urgency. */
  PRIORITIES,
  /** Requests ask for several samples. */
  SAMPLES,
  /** Requests use adapters. */
  ADAPTERS,
  /** Requests are of tenants that share no prefix. */
  SALTS,
  /** Tokens are drawn, with seeds of the request or of the scheduler. */
  TEMPERATURE,
  /** Token masks, some of which are not ready, throw or permit nothing. */
  MASKS,
  /** Requests that wait for something outside when they arrive. */
  BLOCKED,
  /** Requests that expire. */
  DEADLINES,
  /** The host aborts requests at any moment. */
  ABORTS,
  /** The host ends samples because of what they said. */
  STOPS,
  /** The host pauses and resumes. */
  PAUSES,
  /** The host changes the live caps. */
  CAPS,
  /** The host resets the prefix cache. */
  RESETS,
  /** Draft tokens, right ones and wrong ones. */
  DRAFTS,
  /** Drafts that are trees. */
  DRAFT_TREES,
  /** Drafts with the distributions they were drawn from. */
  DISTRIBUTIONS,
  /** Proposals that have to be refused. */
  BAD_DRAFTS,
  /** A drafter and a policy of draft lengths that throw. */
  DRAFTING_FAILURES,
  /** Requests that want fewer drafts than the others, or none. */
  OPT_OUTS,
  /** Transfers pin KV blocks. */
  TRANSFERS,
  /** Steps that take very long. */
  LATE_STEPS,
  /** Rows whose logits are no numbers. */
  FAILED_ROWS,
  /** Steps that fail as a whole. */
  FAILED_STEPS,
  /** Executors that die; another one takes over. */
  DEATHS,
  /** The scheduler is shut down before everything ended. */
  SHUTDOWN
}
