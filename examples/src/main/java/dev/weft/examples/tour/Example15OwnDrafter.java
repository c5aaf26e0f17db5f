package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.AustenTokenizer;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * My own drafter: one that remembers which token came after which in prompts and answers so far.
 * However badly it guesses, answers stay as they are; {@code DrafterContract} of the testkit tells
 * whether it keeps to the rules.
 */
public final class Example15OwnDrafter {
  private Example15OwnDrafter() {}

  /** Asks the same question three times, and prints how the drafter learns. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostModel model = HostModel.load(folder);
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        WeftEngine engine = WeftEngine.builder(HostExecutor.builder(model).build())
            .drafter(new FollowerDrafter(model.vocabularySize())).build()) {
      int[] prompt = tokenizer.encode("She was");
      long numStepsBefore = 0;
      for (int round = 1; round <= 3; round++) {
        Generation generation = engine.submit(Request.builder(engine.nextRequestId(), prompt)
            .sampling(SamplingParameters.greedy(48)).build()).generation();
        engine.runUntilIdle();
        int[] tokens = generation.await().tokens(0);
        long numSteps = engine.stats().numSteps() - engine.stats().numEmptySteps();
        System.out.println("round " + round + ": " + tokens.length + " tokens in "
            + (numSteps - numStepsBefore) + " steps:" + tokenizer.decode(tokens));
        numStepsBefore = numSteps;
      }
    }
  }

  /** Knows of each token which one came after it last. */
  private static final class FollowerDrafter implements Drafter {
    private final int[] followers;
    private final Drafts drafts = new Drafts();

    private FollowerDrafter(int vocabularySize) {
      followers = new int[vocabularySize];
      Arrays.fill(followers, -1);
    }

    @Override public int maxNumDraftTokens() { return 4; }
    @Override public void propose(DraftBatch batch) {
      for (int i = 0; i < batch.numSequences(); i++) {
        TokenSequence tokens = batch.tokens(i);
        int next = followers[tokens.token(tokens.numTokens() - 1)];
        drafts.clear();
        while (next >= 0 && drafts.numDrafts() < Math.min(4, batch.maxNumDraftTokens(i))) {
          drafts.add(next);
          next = followers[next];
        }
        batch.propose(i, drafts); // Copied; the answer says what was wrong with it, if anything.
      }
    }

    @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
      for (int i = 1; i < tokens.numTokens(); i++) {
        followers[tokens.token(i - 1)] = tokens.token(i);
      }
    }
  }
}
