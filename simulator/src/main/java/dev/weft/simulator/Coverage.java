package dev.weft.simulator;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.SchedulerStats;

/**
 * How often rare things happened in simulated runs: proof that a green run has tested something.
 */
final class Coverage {
  long numRuns;
  long numSteps;
  long numEvictions;
  long numForks;
  long numBlockCopies;
  long numPreemptions;
  long numWithdrawnRows;
  long numDiscardedRows;
  long numHitTokens;
  long numAbortsInFlight;
  long numAcceptedDrafts;
  long numRejectedDrafts;
  /** Rows with a draft tree. */
  long numDraftTrees;
  /** Rows that accepted a draft which is not the first one behind its parent. */
  long numBranchesAccepted;
  /** Rows with a draft that has its distribution. */
  long numDistributions;
  /** Drafts verified under a mask. */
  long numMaskedDrafts;
  /** Drafts that a mask did not permit. */
  long numDraftsNotPermitted;
  /** Rows that lost drafts when they were granted, for want of blocks. */
  long numDraftsCut;
  /** Rows whose drafts were taken back for another row of the step. */
  long numDraftsTakenBack;
  /** Sequences that were not planned ahead, because they are to be drafted; by step. */
  long numHeld;
  long numDraftingFailures;
  final long[] numRefusals = new long[DraftAnswer.Refusal.values().length];
  long numFailedSteps;
  long numDeaths;
  long numResets;
  long numIdleSteps;
  long numPolicyFailures;
  String firstPolicyFailure = "";
  final long[] numGrants = new long[Grant.values().length];
  final long[] numFinished = new long[FinishReason.values().length];

  /** Counts a run at its end. */
  void add(SchedulerStats stats, KvCache kvCache) {
    numRuns++;
    numSteps += stats.numSteps();
    numEvictions += kvCache.numEvictions();
    numForks += stats.numForks();
    numBlockCopies += stats.numBlockCopies();
    numPreemptions += stats.numPreemptions();
    numWithdrawnRows += stats.numWithdrawnRows();
    numDiscardedRows += stats.numDiscardedRows();
    numHitTokens += stats.numPrefixHitTokens();
    for (Grant grant : Grant.values()) {
      numGrants[grant.ordinal()] += stats.numGrants(grant);
    }
    for (FinishReason reason : FinishReason.values()) {
      numFinished[reason.ordinal()] += stats.numFinished(reason);
    }
  }

  /** Adds what other runs did. */
  void add(Coverage other) {
    numRuns += other.numRuns;
    numSteps += other.numSteps;
    numEvictions += other.numEvictions;
    numForks += other.numForks;
    numBlockCopies += other.numBlockCopies;
    numPreemptions += other.numPreemptions;
    numWithdrawnRows += other.numWithdrawnRows;
    numDiscardedRows += other.numDiscardedRows;
    numHitTokens += other.numHitTokens;
    numAbortsInFlight += other.numAbortsInFlight;
    numAcceptedDrafts += other.numAcceptedDrafts;
    numRejectedDrafts += other.numRejectedDrafts;
    numDraftTrees += other.numDraftTrees;
    numBranchesAccepted += other.numBranchesAccepted;
    numDistributions += other.numDistributions;
    numMaskedDrafts += other.numMaskedDrafts;
    numDraftsNotPermitted += other.numDraftsNotPermitted;
    numDraftsCut += other.numDraftsCut;
    numDraftsTakenBack += other.numDraftsTakenBack;
    numHeld += other.numHeld;
    numDraftingFailures += other.numDraftingFailures;
    for (int i = 0; i < numRefusals.length; i++) {
      numRefusals[i] += other.numRefusals[i];
    }
    numFailedSteps += other.numFailedSteps;
    numDeaths += other.numDeaths;
    numResets += other.numResets;
    numIdleSteps += other.numIdleSteps;
    firstPolicyFailure = numPolicyFailures > 0 ? firstPolicyFailure : other.firstPolicyFailure;
    numPolicyFailures += other.numPolicyFailures;
    for (int i = 0; i < numGrants.length; i++) {
      numGrants[i] += other.numGrants[i];
    }
    for (int i = 0; i < numFinished.length; i++) {
      numFinished[i] += other.numFinished[i];
    }
  }

  long numGrants(Grant grant) {
    return numGrants[grant.ordinal()];
  }

  long numFinished(FinishReason reason) {
    return numFinished[reason.ordinal()];
  }
}
