package dev.weft.speculative;

import static dev.weft.speculative.DraftExecutors.VOCABULARY_SIZE;
import static dev.weft.speculative.DraftExecutors.continuation;
import static dev.weft.speculative.DraftExecutors.spec;
import static dev.weft.speculative.DraftExecutors.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;
import dev.weft.testkit.DrafterContract;
import dev.weft.testkit.HandDraftBatch;
import dev.weft.testkit.HashModel;
import dev.weft.testkit.HashModelExecutor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Trees of a draft model: its own path, with likely tokens beside it. */
class TreeDrafterTest extends DrafterContract {
  @Override protected Drafter create() {
    return new TreeDrafter(new ModelExpander(model(), 4, 3), 8);
  }

  private static DraftModel model() {
    return DraftModel.over(HashModelExecutor.completingAtOnce(spec().build()), () -> 0);
  }

  @Test void theModelsOwnPathIsInTheTree() {
    SamplingParameters sampled = SamplingParameters.sampled(9, 0.8f, 77);
    for (SamplingParameters sampling : Arrays.asList(SamplingParameters.greedy(9), sampled)) {
      Drafter drafter = create();
      for (int numTokens = 5; numTokens < 40; numTokens += 1 + numTokens % 3) {
        int[] known = text(1, numTokens);
        Drafts drafts = new HandDraftBatch().sampling(sampling).with(2, 8, known).show(drafter)
            .drafts(0);
        int[] path = continuation(sampling, 2, 4, known);

        int node = Drafts.ROOT;
        int depth = 0;
        for (int draft = 0; draft < drafts.numDrafts(); draft++) {
          if (drafts.parent(draft) == node && drafts.token(draft) == path[depth]) {
            node = draft;
            depth++;
          }
        }
        assertThat(depth).as("%d tokens, %s", numTokens, sampling).isGreaterThanOrEqualTo(2);
      }
    }
  }

  @Test void siblingsAreWhatTheModelHoldsForLikely() {
    HashModel model = new HashModel(VOCABULARY_SIZE);
    HashModel.Context context = new HashModel.Context(0);
    int[] known = text(1, 20);
    Arrays.stream(known).forEach(context::append);

    Drafts drafts = new HandDraftBatch().with(2, 3, known)
        .show(new TreeDrafter(new ModelExpander(model(), 1, 3), 8)).drafts(0);

    assertThat(drafts.numDrafts()).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      assertThat(drafts.token(i)).isEqualTo(model.topToken(context.logits(), i));
      assertThat(drafts.parent(i)).isEqualTo(Drafts.ROOT);
    }
  }

  @Test void aChainIsThePathOfTheModel() {
    int[] known = text(1, 20);

    Drafts drafts = new HandDraftBatch().chainsAlone().with(2, 8, known).show(create()).drafts(0);

    assertThat(drafts.isTree()).isFalse();
    assertThat(new HandDraftBatch().chainsAlone().with(2, 8, known).proposalsOf(create())[0])
        .isEqualTo(continuation(SamplingParameters.greedy(1), 0, 4, known));
  }

  @Test void underRejectionSamplingTheTreeDependsOnTheTokensAlone() {
    SamplingParameters rejected = SamplingParameters.builder().maxNewTokens(9).temperature(0.8f)
        .verification(Verification.REJECTION).build();
    Set<String> trees = new HashSet<>();
    for (int handle = 0; handle < 8; handle++) { // The handle is the seed of such a batch.
      trees.add(Arrays.toString(new HandDraftBatch().sampling(rejected)
          .with(handle, 8, text(1, 20)).proposalsOf(create())[0]));
    }
    assertThat(trees).hasSize(1);
  }

  @Test void sizesOutOfRangeAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new ModelExpander(model(), 0, 1))
        .withMessage("maxDepth is 0, must be 1 or more");
    assertThatIllegalArgumentException().isThrownBy(() -> new ModelExpander(model(), 1, 21))
        .withMessage("numAlternatives is 21, must be 1 to the maxNumLogprobs of the draft "
            + "executor, 20");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TreeDrafter(new ModelExpander(model(), 1, 1), 0))
        .withMessage("maxNumDraftTokens is 0, must be 1 or more");
  }
}
