package dev.weft.batching;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.testkit.HashModel;
import dev.weft.testkit.HashModelExecutor;
import dev.weft.testkit.LosslessContract;
import dev.weft.testkit.SchedulerDriver;

/** The scheduler, the hash executor and drafters that are often right lose nothing. */
final class LosslessTest extends LosslessContract {
  @Override protected StepExecutor createExecutor(ExecutorSpec wanted) {
    return HashModelExecutor.completingAtOnce(wanted);
  }

  @Override protected Drafter createDrafter(ExecutorSpec spec) {
    return new ModelReader(spec.vocabularySize());
  }

  @Override protected SchedulerDriver.Factory schedulers() {
    return TestDriver::create;
  }

  /** Goes on as the model does, with every fourth token wrong. */
  private static final class ModelReader implements Drafter {
    private final HashModel model;
    private final Drafts drafts = new Drafts();
    private int numDrafted;

    private ModelReader(int vocabularySize) {
      model = new HashModel(vocabularySize);
    }

    @Override public int maxNumDraftTokens() {
      return 3;
    }

    @Override public void propose(DraftBatch batch) {
      for (int i = 0; i < batch.numSequences(); i++) {
        TokenSequence tokens = batch.tokens(i);
        HashModel.Context context = new HashModel.Context(0);
        for (int position = 0; position < tokens.numTokens(); position++) {
          context.append(tokens.token(position));
        }
        drafts.clear();
        while (drafts.numDrafts() < batch.maxNumDraftTokens(i)) {
          int token = model.choose(context.logits(), batch.sampling(i), batch.seed(i),
              batch.sequence(i).numPromptTokens(), context.numTokens(), null);
          drafts.add(numDrafted++ % 4 == 3 ? 0 : token);
          context.append(token);
        }
        batch.propose(i, drafts);
      }
    }
  }
}
