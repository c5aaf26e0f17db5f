/**
 * Policies of other engines and of papers, written with what any user has: the verbs of a step and
 * the parts of {@link dev.weft.batching.ContinuousBatchingPolicy}. Each is meant to be used, and to
 * be copied and changed; none has more than 40 lines.
 */
package dev.weft.batching.policies;
