package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;
import dev.weft.speculative.DraftModel;
import dev.weft.speculative.ModelDrafter;
import dev.weft.speculative.ModelExpander;
import dev.weft.speculative.TreeDrafter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The models of this repository on the CPU, one drafting for the other: not a token changes. */
final class HostSpeculationTest {
  private static final int NUM_NEW_TOKENS = 24;
  private static HostModel target;
  private static HostModel small;

  @BeforeAll static void load() throws IOException {
    target = HostModel.load(Path.of("../model/target"));
    small = HostModel.load(Path.of("../model/draft"));
  }

  /** Fewer slots than there are requests, so that some take turns. */
  private static DraftModel draftModel(HostModel model) {
    return new DraftModel(HostExecutor.builder(model).maxModelLen(96).numBlocks(19).numThreads(1)
        .build(), () -> 0, TimeUnit.HOURS.toNanos(1));
  }

  private static List<Request> requests(Verification verification) {
    List<Request> requests = new ArrayList<>();
    for (int id = 1; id <= 6; id++) {
      int[] prompt = new int[3 + 9 * id];
      for (int i = 0; i < prompt.length; i++) {
        prompt[i] = i == 0 ? 1 : 260 + (id * 131 + i * i * 17) % 700;
      }
      SamplingParameters.Builder sampling = SamplingParameters.builder().seed(id)
          .maxNewTokens(NUM_NEW_TOKENS).temperature(0.2f * (id - 1)).verification(verification);
      if (id % 3 == 0) {
        sampling.topP(0.9f).frequencyPenalty(0.5f).repetitionPenalty(1.2f)
            .logitBias(Map.of(300, 2f)).numLogprobs(2);
      }
      requests.add(Request.builder(id, prompt).sampling(sampling.build()).build());
    }
    return requests;
  }

  private static List<int[]> run(Drafter drafter, int maxInFlight, Verification verification,
      Predicate<WeftEngine> check) throws InterruptedException {
    List<Generation> generations = new ArrayList<>();
    try (WeftEngine engine = WeftEngine.builder(HostExecutor.builder(target).maxModelLen(96)
        .numBlocks(30).maxInFlight(maxInFlight).numThreads(2).build())
        .drafter(drafter).draftTimeLimit(Duration.ofHours(1)).build()) {
      for (Request request : requests(verification)) {
        generations.add(engine.submit(request).generation());
      }
      engine.runUntilIdle();
      engine.scheduler().checkIntegrity();
      assertThat(engine.stats().numDraftRefusals()).isZero();
      assertThat(engine.stats().numDraftingFailures()).isZero();
      assertThat(check.test(engine)).isTrue();
    }
    List<int[]> tokens = new ArrayList<>();
    for (Generation generation : generations) {
      tokens.add(generation.await().tokens(0));
    }
    return tokens;
  }

  private static void assertNothingChanged(Drafter drafter, int maxInFlight)
      throws InterruptedException {
    List<int[]> tokens = run(drafter, maxInFlight, Verification.COUPLED,
        engine -> engine.stats().numAcceptedDraftTokens() > 20);
    List<Request> requests = requests(Verification.COUPLED);
    try (SoloDecoder alone = SoloDecoder.singleThreaded(target)) {
      for (int i = 0; i < tokens.size(); i++) {
        Request request = requests.get(i);
        int[] prompt = new int[request.numPromptTokens()];
        request.copyPromptTokens(0, prompt, 0, prompt.length);
        assertThat(tokens.get(i)).as("request %d", request.id())
            .isEqualTo(alone.decode(prompt, request.sampling(), request.id()).tokens());
      }
    }
  }

  @ParameterizedTest @ValueSource(ints = {1, 2})
  void chainsOfADraftModelChangeNothing(int maxInFlight) throws InterruptedException {
    assertNothingChanged(new ModelDrafter(draftModel(small), 4), maxInFlight);
  }

  @ParameterizedTest @ValueSource(ints = {1, 2})
  void treesOfADraftModelChangeNothing(int maxInFlight) throws InterruptedException {
    assertNothingChanged(new TreeDrafter(new ModelExpander(draftModel(small), 4, 3), 8),
        maxInFlight);
  }

  @Test void aModelThatDraftsForItselfChangesNothing() throws InterruptedException {
    assertNothingChanged(new ModelDrafter(draftModel(target.firstLayers(5)), 3), 1);
  }

  @Test void rejectionSamplingTakesItsDraftsAndAcceptsSome() throws InterruptedException {
    List<int[]> chains = run(new ModelDrafter(draftModel(small), 4), 1, Verification.REJECTION,
        engine -> engine.stats().numAcceptedDraftTokens() > 20);
    List<int[]> trees = run(new TreeDrafter(new ModelExpander(draftModel(small), 4, 3), 8), 1,
        Verification.REJECTION, engine -> engine.stats().numAcceptedDraftTokens() > 20);

    assertThat(chains).allMatch(tokens -> tokens.length == NUM_NEW_TOKENS);
    assertThat(trees).allMatch(tokens -> tokens.length == NUM_NEW_TOKENS);
  }
}
