package dev.weft.benchmarks;

import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.speculative.NgramDrafter;
import dev.weft.speculative.SuffixDrafter;
import java.lang.reflect.Proxy;

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
  private static final double MEAN_GROWTH = 2.5;
  /** Reading the clock takes as long as some proposals, so that a timed step has more of them. */
  private static final int MIN_NUM_PROPOSALS_PER_STEP = 20;

  private final Kind kind;
  private final int numSequences;
  private final int numRounds;
  private final int numRoundsPerStep;
  private final Drafter drafter;
  private final GrowingBatch batch;
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
    batch = new GrowingBatch(texts, numTokensShown);
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
    drafter.propose(new GrowingBatch(texts, 2 * NUM_TOKENS - 4));
    for (int i = 0; i < numSequences; i++) {
      ArrayTokens prompt = new ArrayTokens(texts[i]);
      drafter.onFinish(viewOf(i, prompt.numTokens()), prompt);
    }
  }

  private void learn() {
    SequenceView allOutput = viewOf(Integer.MAX_VALUE, 0);
    for (int i = 0; i < NUM_OUTPUTS; i++) {
      ArrayTokens output = new ArrayTokens(RepetitiveText.ofSeed(-1 - i, OUTPUT_LENGTH));
      learnTimes.start();
      drafter.onFinish(allOutput, output);
      learnTimes.stop();
    }
  }

  private static SequenceView viewOf(int handle, int numPromptTokens) {
    return (SequenceView) Proxy.newProxyInstance(SequenceView.class.getClassLoader(),
        new Class<?>[] {SequenceView.class}, (view, method, arguments) ->
            switch (method.getName()) {
              case "handle" -> handle;
              case "numPromptTokens" -> numPromptTokens;
              default -> throw new UnsupportedOperationException(method.getName());
            });
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
        batch.grow(step * numRoundsPerStep + round);
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
}
