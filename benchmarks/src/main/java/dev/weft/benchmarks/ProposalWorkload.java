package dev.weft.benchmarks;

import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.speculative.NgramDrafter;
import dev.weft.speculative.SuffixDrafter;
import dev.weft.testkit.GrowingDraftBatch;
import dev.weft.testkit.PlainSequence;

/**
 * Drafts for sequences of {@value #NUM_TOKENS} tokens, in the middle of the timed steps, that get 1
 * to 4 tokens in each. Apart from the steps are timed: reading the prompts when the sequences are
 * first seen, and, where outputs are shared, taking in {@value #NUM_OUTPUTS} of {@value
 * #OUTPUT_LENGTH} tokens, which fills the space for them.
 */
public final class ProposalWorkload {
  /** Who drafts. */
  public enum Kind {
    /** Prompt lookup by rescanning, the baseline. */
    RESCAN,
    /** Prompt lookup by an index. */
    NGRAM,
    /** Suffix decoding with the sequence itself alone. */
    SUFFIX,
    /** Suffix decoding with finished outputs too. */
    SUFFIX_SHARED
  }

  static final int NUM_TOKENS = 4096;
  static final int NUM_OUTPUTS = 512;
  static final int OUTPUT_LENGTH = 512;
  private static final int NUM_SHARED_TOKENS = NUM_OUTPUTS * OUTPUT_LENGTH;
  private static final int MAX_NUM_DRAFTS = 8;
  private static final int MAX_GROWTH = 4;
  private static final double MEAN_GROWTH = 2.5;
  /** Reading the clock takes as long as some proposals, so that a timed step has more of them. */
  private static final int MIN_NUM_PROPOSALS_PER_STEP = 20;

  private final Kind kind;
  private final int numSequences;
  private final int numRounds;
  private final int numRoundsPerStep;
  private final Drafter drafter;
  private final GrowingDraftBatch batch;
  private final StepTimes promptTimes;
  private final StepTimes learnTimes;

  /** Shows the sequences to the drafter, so that the timed steps begin in the midst of them. */
  ProposalWorkload(Kind kind, int numSequences, int numRounds) {
    this.kind = kind;
    this.numSequences = numSequences;
    this.numRounds = numRounds;
    numRoundsPerStep = Math.max(1, MIN_NUM_PROPOSALS_PER_STEP / numSequences);
    drafter = create(kind, numSequences);
    int numTokensShown = NUM_TOKENS - (int) (MEAN_GROWTH * numRounds / 2);
    int[][] texts = new int[numSequences][];
    for (int i = 0; i < numSequences; i++) {
      texts[i] = RepetitiveText.ofSeed(i, 2 * NUM_TOKENS);
    }
    batch = new GrowingDraftBatch(numTokensShown, MAX_NUM_DRAFTS, texts).chainsAlone();
    for (int i = 0; i < numSequences; i++) {
      batch.grow(i, i % MAX_GROWTH);
    }
    learnTimes = StepTimes.inMicros("learn", 1, NUM_OUTPUTS);
    if (kind == Kind.SUFFIX_SHARED) {
      learn();
    }
    showLongestSequences(texts);
    promptTimes = StepTimes.inMicros("prompt", numSequences, 1);
    promptTimes.start();
    drafter.propose(batch);
    promptTimes.stop();
  }

  private static Drafter create(Kind kind, int numSequences) {
    return switch (kind) {
      case RESCAN -> new RescanDrafter();
      case NGRAM -> NgramDrafter.builder().maxNumSequences(numSequences).build();
      case SUFFIX -> SuffixDrafter.builder().maxNumSequences(numSequences).maxNumSharedTokens(0)
          .build();
      case SUFFIX_SHARED -> SuffixDrafter.builder().maxNumSequences(numSequences)
          .maxNumSharedTokens(NUM_SHARED_TOKENS).build();
    };
  }

  /** After which nothing need be allocated. */
  private void showLongestSequences(int[][] texts) {
    GrowingDraftBatch longest =
        new GrowingDraftBatch(2 * NUM_TOKENS, MAX_NUM_DRAFTS, texts).chainsAlone();
    drafter.propose(longest);
    for (int i = 0; i < numSequences; i++) {
      drafter.onFinish(longest.sequence(i), longest.tokens(i));
    }
  }

  private void learn() {
    SequenceView allOutput = new AllOutput();
    for (int i = 0; i < NUM_OUTPUTS; i++) {
      ArrayTokens output = new ArrayTokens(RepetitiveText.ofSeed(-1 - i, OUTPUT_LENGTH));
      learnTimes.start();
      drafter.onFinish(allOutput, output);
      learnTimes.stop();
    }
  }

  /** Each sequence gets 1, 2, 3, 4 tokens, in turn; 2.5 on average. */
  private void grow(int round) {
    for (int i = 0; i < numSequences; i++) {
      batch.grow(i, 1 + (round + i) % MAX_GROWTH);
    }
  }

  /**
   * Runs the timed steps and hands in what JMH is to report.
   *
   * @throws IllegalStateException when hardly anything is drafted
   */
  void run() {
    int numSteps = numRounds / numRoundsPerStep;
    StepTimes times =
        StepTimes.inMicros("proposal", numSequences * numRoundsPerStep, numSteps);
    Work work = new Work(kind + " of " + numSequences, numRounds * numSequences);
    long numDraftsBefore = batch.numDrafts();
    long numProposalsBefore = batch.numProposals();
    work.begin();
    for (int step = 0; step < numSteps; step++) {
      times.start();
      for (int round = 0; round < numRoundsPerStep; round++) {
        grow(step * numRoundsPerStep + round);
        drafter.propose(batch);
      }
      times.stop();
    }
    work.end();
    times.report();
    promptTimes.report();
    if (kind == Kind.SUFFIX_SHARED) {
      learnTimes.report();
    }
    work.reportAllocation();
    long numDrafts = batch.numDrafts() - numDraftsBefore;
    work.reportMean("draftsPerProposal", numDrafts, "#");
    work.reportMean("proposedPerStep", batch.numProposals() - numProposalsBefore, "#");
    work.require("nothing drafted", numDrafts == 0 ? 1 : 0, 0);
  }

  /** A sequence without a prompt, which the drafter has never seen. */
  private static final class AllOutput extends PlainSequence {
    private AllOutput() {
      super(Integer.MAX_VALUE);
    }

    @Override public int numPromptTokens() {
      return 0;
    }

    @Override public int numTokens() {
      return OUTPUT_LENGTH;
    }
  }
}
