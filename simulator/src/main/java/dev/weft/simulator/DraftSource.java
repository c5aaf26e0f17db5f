package dev.weft.simulator;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.testkit.HashModel;
import dev.weft.testkit.SplitMix;

/**
 * Proposes draft tokens: the first ones right, as the model goes on without a mask, then wrong;
 * chains and trees whose right branch may be any; now and then drafts that must be refused. With
 * luck it throws, before, between or behind its proposals.
 */
final class DraftSource implements Drafter {
  private static final int NUM_BAD = 6;
  private final Scenario scenario;
  private final HashModel model;
  private final SplitMix random;
  private final Coverage coverage;
  private final int vocabularySize;
  private final Drafts proposed = new Drafts();
  private boolean hasDistributions;

  DraftSource(Scenario scenario, SplitMix random, Coverage coverage) {
    this.scenario = scenario;
    this.random = random;
    this.coverage = coverage;
    vocabularySize = scenario.limits.vocabularySize();
    model = new HashModel(vocabularySize);
  }

  @Override public int maxNumDraftTokens() {
    return scenario.limits.maxNumDraftTokens();
  }

  /** Proposes for about two of three sequences. */
  @Override public void propose(DraftBatch batch) {
    throwAtTimes(20);
    for (int i = 0; i < batch.numSequences(); i++) {
      if (scenario.has(Feature.BAD_DRAFTS) && random.oneIn(5)) {
        proposeBadly(batch, i);
      } else if (random.below(3) > 0) {
        proposeWell(batch, i);
      }
      throwAtTimes(40);
    }
  }

  private void throwAtTimes(int times) {
    if (scenario.has(Feature.DRAFTING_FAILURES) && random.oneIn(times)) {
      throw new IllegalStateException("a drafter that throws on purpose");
    }
  }

  private void proposeWell(DraftBatch batch, int index) {
    int most = batch.maxNumDraftTokens(index);
    int numDrafts = random.oneIn(3) ? random.below(most + 1) : most;
    hasDistributions = scenario.has(Feature.DISTRIBUTIONS) && random.oneIn(2);
    fill(batch, index, numDrafts, random.below(numDrafts + 1));
    DraftAnswer answer = batch.propose(index, proposed);
    int numTaken = batch.sequence(index).numDraftTokens();
    if (!answer.isTaken() || numTaken > numDrafts) {
      throw new AssertionError("I58: " + numTaken + " of " + numDrafts + " drafts: " + answer);
    }
    coverage.numDraftsNotPermitted += numDrafts - numTaken; // Nothing else leaves one out here.
  }

  // ---- right and wrong tokens

  private void fill(DraftBatch batch, int index, int numDrafts, int numRight) {
    proposed.clear();
    SequenceView sequence = batch.sequence(index);
    HashModel.Context context = contextOf(batch.tokens(index), sequence.adapterId());
    boolean isTree = batch.takesTrees() && random.below(3) > 0;
    int parent = Drafts.ROOT;
    int lastWrong = Drafts.ROOT;
    for (int level = 0; proposed.numDrafts() < numDrafts; level++) {
      int right = Math.max(0, model.choose(context.logits(), batch.sampling(index),
          batch.seed(index), sequence.numPromptTokens(), context.numTokens(), null));
      int next = level < numRight ? right : random.below(vocabularySize);
      int numSiblings = isTree ? random.below(3) : 0;
      for (int i = 1; i <= numSiblings && proposed.numDrafts() < numDrafts - 1; i++) {
        lastWrong = add((next + i) % vocabularySize, parent);
      }
      boolean goesAside = isTree && lastWrong != Drafts.ROOT && random.oneIn(4);
      if (goesAside && proposed.numDrafts() < numDrafts - 1) {
        lastWrong = add(random.below(vocabularySize), lastWrong);
      }
      parent = add(next, parent);
      context.append(next);
    }
  }

  private static HashModel.Context contextOf(TokenSequence tokens, int adapterId) {
    HashModel.Context context = new HashModel.Context(adapterId);
    for (int position = 0; position < tokens.numTokens(); position++) {
      context.append(tokens.token(position));
    }
    return context;
  }

  /** Adds a draft and returns its index. */
  private int add(int token, int parent) {
    proposed.add(token, parent);
    if (hasDistributions && random.below(4) > 0) {
      proposed.addChoice(token, 0.75f).addChoice((token + 1) % vocabularySize, 0.25f);
    }
    return proposed.numDrafts() - 1;
  }

  // ---- what must be refused

  private void proposeBadly(DraftBatch batch, int index) {
    int most = batch.maxNumDraftTokens(index);
    proposed.clear();
    switch (random.below(NUM_BAD)) {
      case 0 -> addChain(most + 1);
      case 1 -> proposed.add(random.oneIn(2) ? -1 : vocabularySize);
      case 2 -> proposed.add(0, random.between(0, 2));
      case 3 -> proposed.add(1, Drafts.ROOT).add(random.below(2), Drafts.ROOT);
      case 4 -> proposed.add(0).addChoice(0, Float.NaN);
      default -> proposed.add(0).addChoice(1, 1);
    }
    DraftAnswer answer = batch.propose(index, proposed);
    int numTaken = batch.sequence(index).numDraftTokens();
    coverage.numRefusals[answer.refusal().ordinal()]++;
    boolean isTwoSiblings = proposed.numDrafts() == 2 && most >= 2 && batch.takesTrees();
    if ((answer.isTaken() && !isTwoSiblings) || (!answer.isTaken() && numTaken > 0)) {
      throw new AssertionError("I58: bad drafts, of which " + numTaken + " are left: " + answer);
    }
  }

  private void addChain(int numDrafts) {
    for (int i = 0; i < numDrafts; i++) {
      proposed.add(random.below(vocabularySize));
    }
  }
}
