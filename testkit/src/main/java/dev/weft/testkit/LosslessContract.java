package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.TokenSequence;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Whatever is drafted, output is that of the same executor without drafts, token for token: greedy
 * and sampled, with penalties, masks, several samples and stop tokens, in batches of any size, with
 * chunked prompts, steps in flight, and a pool so small that sequences are preempted. A test of a
 * drafter or of an executor extends this, and says on which scheduler.
 *
 * <p>Beside the drafter under test the contract has one of its own that knows the output, and so is
 * right as often as it likes: every path of the executor's verification is taken.
 *
 * <p>Each request is first run alone without drafts; then all of them together. Executors must
 * compute the same whatever else is in a batch.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // What is said without drafts is computed once.
public abstract class LosslessContract {
  static final int MAX_MODEL_LEN = 64;
  private static final int MAX_NUM_DRAFTS = 5;
  private static final int BLOCK_SIZE = 4;
  private static final int NUM_BLOCKS = 8 * MAX_MODEL_LEN / BLOCK_SIZE;
  private static final int TINY_POOL = MAX_MODEL_LEN / BLOCK_SIZE + 1;

  private @Nullable LosslessRun plain;

  /** For the test class that extends it. */
  protected LosslessContract() {}

  /**
   * Makes an executor. One that cannot choose its own size may ignore what is wanted; it must take
   * sequences of 64 tokens.
   */
  protected abstract StepExecutor createExecutor(ExecutorSpec wanted);

  /** Makes the drafter under test, for an executor of this spec. */
  protected abstract Drafter createDrafter(ExecutorSpec spec);

  /** The scheduler that carries drafts to the executor. */
  protected abstract SchedulerDriver.Factory schedulers();

  /** The wanted vocabulary, for executors that can choose. */
  protected int vocabularySize() {
    return 64;
  }

  /** A prompt; by default a text that repeats itself. Prompts of other indices may be equal. */
  protected int[] prompt(int index, int numTokens, int vocabularySize) {
    return LosslessWorkload.repeating(index, numTokens, vocabularySize);
  }

  // ---- the drafter under test

  @Test void draftsChangeNoTokenOfAFewSequences() {
    assertLossless(shape("a few", 3, 64, 1, NUM_BLOCKS), this::createDrafter);
  }

  @Test protected void draftsChangeNoTokenInABatch() {
    assertLossless(shape("a batch", 8, 64, 1, NUM_BLOCKS), this::createDrafter);
  }

  @Test void draftsChangeNoTokenBesideChunksOfPrompts() {
    assertLossless(shape("small budget", 8, 9, 1, NUM_BLOCKS), this::createDrafter);
  }

  @Test void draftsChangeNoTokenInATinyPool() {
    assertLossless(shape("tiny pool", 8, 64, 1, TINY_POOL), this::createDrafter);
  }

  @Test void draftsChangeNoTokenWithStepsInFlight() {
    assertLossless(shape("overlap", 8, 32, 3, NUM_BLOCKS), this::createDrafter);
    assertLossless(shape("overlap in a tiny pool", 8, 32, 2, TINY_POOL), this::createDrafter);
  }

  @Test protected void noProposalIsRefused() {
    LosslessRun run = run(shape("a batch", 8, 64, 1, NUM_BLOCKS), this::createDrafter);

    assertThat(run.refusals()).as("refused drafts").isEmpty();
    assertThat(run.failures()).as("exceptions of the drafter").isEmpty();
  }

  // ---- drafts that are right

  @Test protected void rightDraftsAreAcceptedAndChangeNoToken() {
    for (int maxInFlight = 1; maxInFlight <= 3; maxInFlight++) {
      for (int numBlocks : new int[] {NUM_BLOCKS, TINY_POOL}) {
        LosslessRun.Shape shape = shape("right drafts", 6, 48, maxInFlight, numBlocks);
        LosslessRun run = assertLossless(shape, this::knowing);
        assertThat(run.stats().numAcceptedDraftTokens()).as("accepted, %s", shape).isPositive();
      }
    }
  }

  @Test void rightDraftsSaveSteps() {
    LosslessRun.Shape shape = shape("right drafts", 4, 64, 1, NUM_BLOCKS);

    long numSteps = assertLossless(shape, this::knowing).stats().numSteps();

    assertThat(numSteps).isLessThan(run(shape, null).stats().numSteps());
  }

  @Test void whoOptsOutHasNoDrafts() {
    LosslessRun run =
        assertLossless(shape("opted out", 8, 64, 1, NUM_BLOCKS), this::knowing);

    assertThat(run.numDraftsOptedOut()).isZero();
  }

  // ---- drafters that do not draft

  @Test void aDrafterWithoutProposalsCostsNoStep() {
    LosslessRun.Shape shape = shape("silent", 4, 64, 1, NUM_BLOCKS);

    LosslessRun run = assertLossless(shape, spec -> new Silent(createDrafter(spec)));

    assertThat(run.stats().numSteps()).isEqualTo(run(shape, null).stats().numSteps());
  }

  @Test void aDrafterThatThrowsCostsItsDraftsAlone() {
    for (int maxInFlight = 1; maxInFlight <= 2; maxInFlight++) {
      LosslessRun run = assertLossless(shape("failing", 4, 64, maxInFlight, NUM_BLOCKS),
          spec -> new Failing(createDrafter(spec)));

      assertThat(run.failures()).as("exceptions heard").isNotEmpty();
    }
  }

  // ---- runs

  private interface Drafters {
    Drafter create(ExecutorSpec spec);
  }

  private static LosslessRun.Shape shape(
      String name, int maxNumSeqs, int maxNumBatchedTokens, int maxInFlight, int numBlocks) {
    return new LosslessRun.Shape(
        name, maxNumSeqs, maxNumBatchedTokens, maxInFlight, numBlocks, true);
  }

  private KnowingDrafter knowing(ExecutorSpec spec) {
    return new KnowingDrafter(spec.maxNumDraftTokens(), plain().outputs());
  }

  private LosslessRun assertLossless(LosslessRun.Shape shape, Drafters drafters) {
    LosslessRun expected = plain();
    LosslessRun found = run(shape, drafters);
    expected.outputs().forEach((sample, output) -> assertThat(found.outputs().get(sample))
        .as("%s: output of %s with drafts", shape.name(), sample).isEqualTo(output));
    assertThat(found.outputs()).as("%s: outputs", shape.name()).hasSameSizeAs(expected.outputs());
    assertThat(found.reasons()).as("%s: ends", shape.name()).isEqualTo(expected.reasons());
    return found;
  }

  /** Every request alone, without drafts. */
  private LosslessRun plain() {
    LosslessRun known = plain;
    if (known == null) {
      try (StepExecutor executor = createExecutor(wantedSpec())) {
        known = new LosslessRun(
            executor, shape("plain", 4, 64, 1, NUM_BLOCKS), schedulers(), null);
        for (Request request : requests(executor.spec())) {
          known.run(List.of(request));
        }
      }
      plain = known;
    }
    return known;
  }

  /** All requests together; without drafts when there are no drafters. */
  private LosslessRun run(LosslessRun.Shape shape, @Nullable Drafters drafters) {
    try (StepExecutor executor = createExecutor(wantedSpec())) {
      ExecutorSpec spec = executor.spec();
      if (drafters == null) {
        return new LosslessRun(executor, shape, schedulers(), null).run(requests(spec));
      }
      try (Drafter drafter = drafters.create(spec)) {
        return new LosslessRun(executor, shape, schedulers(), drafter).run(requests(spec));
      }
    }
  }

  private List<Request> requests(ExecutorSpec spec) {
    return LosslessWorkload.of(spec, id -> prompt(id / 2, 8 + 7 * (id % 5), spec.vocabularySize()));
  }

  private ExecutorSpec wantedSpec() {
    return ExecutorSpec.builder().vocabularySize(vocabularySize()).maxModelLen(MAX_MODEL_LEN)
        .blockSize(BLOCK_SIZE).numBlocks(NUM_BLOCKS + 1).numSlots(16).maxNumRows(8)
        .maxNumBatchedTokens(64).maxNumDraftTokens(MAX_NUM_DRAFTS).maxInFlight(3)
        .verifiesTrees(true).build();
  }

  /** Asks nobody and proposes nothing. */
  private record Silent(Drafter drafter) implements Drafter {
    @Override public int maxNumDraftTokens() {
      return drafter.maxNumDraftTokens();
    }

    @Override public void propose(DraftBatch batch) {}

    @Override public void close() {
      drafter.close();
    }
  }

  /** Throws instead of every second proposal, and behind every third. */
  private static final class Failing implements Drafter {
    private final Drafter drafter;
    private int numCalls;

    private Failing(Drafter drafter) {
      this.drafter = drafter;
    }

    @Override public int maxNumDraftTokens() {
      return drafter.maxNumDraftTokens();
    }

    @Override public void propose(DraftBatch batch) {
      numCalls++;
      if (numCalls % 2 == 0) {
        throw new IllegalStateException("fails before it proposes");
      }
      drafter.propose(batch);
      if (numCalls % 3 == 0) {
        throw new IllegalStateException("fails when it has proposed");
      }
    }

    @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
      drafter.onFinish(sequence, tokens);
    }

    @Override public void close() {
      drafter.close();
    }
  }
}
