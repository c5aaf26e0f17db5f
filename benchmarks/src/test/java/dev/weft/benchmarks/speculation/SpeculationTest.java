package dev.weft.benchmarks.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.speculative.FixedDraftLength;
import dev.weft.speculative.NgramDrafter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The benchmark in small: shipped models, scheduler and host executor; no time is measured. */
class SpeculationTest {
  private static final Path REPOSITORY = Path.of("..");
  private static final int NUM_DRAFTS = 4;
  private static Models models;

  @BeforeAll static void load() throws IOException {
    models = Models.load(REPOSITORY);
  }

  @ParameterizedTest
  @EnumSource
  void withDraftsTheTokensAreThoseOfPlainDecoding(DrafterKind kind) {
    ServerSize size = new ServerSize(4, 128, 2, 2);
    List<int[]> prompts = PromptKind.CHAT.prompts(models, 6, 2);
    try (Server plain = new Server(models, null, size);
        Server drafting = new Server(models, () -> kind.create(models, size), size)) {
      for (SamplingParameters sampling : List.of(
          SamplingParameters.greedy(32), SamplingParameters.sampled(32, 0.8f, 1))) {
        Served expected = plain.serve(prompts, 4, sampling, DraftLengthPolicy.LONGEST);
        Served served = drafting.serve(prompts, 4, sampling, DraftLengthPolicy.LONGEST);

        assertThat(served.tokens()).usingRecursiveComparison().isEqualTo(expected.tokens());
        assertThat(served.drafts().numDrafted()).isPositive();
        assertThat(served.drafts().numAccepted()).isPositive();
        assertThat(served.numRows()).isLessThan(6 * 31);
      }
    }
  }

  /**
   * The rounds of the reference data begin with drafts behind the prompt. Here a request is drafted
   * from its first output token on, so that token is made the last one of the prompt, by a mask.
   */
  private static List<List<Integer>> rounds(Supplier<Drafter> drafters, JsonNode prompt,
      ServerSize size) {
    int[] tokens = ints(prompt.get("token_ids"));
    int[] output = ints(prompt.get("greedy").get("target").get("tokens"));
    int last = tokens[tokens.length - 1];
    int[] before = Arrays.copyOf(tokens, tokens.length - 1);
    Rounds rounds = new Rounds();
    try (Server server = new Server(models, drafters, size)) {
      Served served = server.serve(List.of(before), 1,
          SamplingParameters.greedy(1 + output.length), rounds,
          (request, index) -> request.tokenMask((known, sample, words) -> {
            for (int token = 0; token < models.target().vocabularySize(); token++) {
              if (known.numTokens() > before.length || token == last) {
                words[token / 64] |= 1L << token % 64;
              }
            }
            return true;
          }));
      assertThat(served.tokens().get(0)).startsWith(last).endsWith(output);
    }
    return rounds.rounds;
  }

  private static List<JsonNode> referencePrompts() throws IOException {
    JsonNode reference = new ObjectMapper().readTree(
        REPOSITORY.resolve("model/reference/reference.json").toFile());
    return StreamSupport.stream(reference.get("prompts").spliterator(), false)
        .filter(prompt -> prompt.get("token_ids").size() > 1).toList();
  }

  @Test void theDraftModelProposesAndTheTargetAcceptsWhatTheReferenceDataSayInEveryRound()
      throws IOException {
    int numRounds = 0;
    for (JsonNode prompt : referencePrompts()) {
      ServerSize size = new ServerSize(1, 800, 2, 1);
      List<List<Integer>> rounds =
          rounds(() -> DrafterKind.MODEL.create(models, size), prompt, size);

      List<List<Integer>> expected = new ArrayList<>();
      for (JsonNode round : prompt.get("speculative_k4").get("draft_rounds")) {
        expected.add(List.of(round.get(0).intValue(), round.get(1).intValue()));
      }
      assertThat(rounds).as(prompt.get("name").textValue()).isEqualTo(expected);
      numRounds += rounds.size();
    }
    assertThat(numRounds).isEqualTo(397);
  }

  /** Prompt lookup goes on where the reference stops at the end of the text; none of that fits. */
  @Test void promptLookupIsAcceptedAsOftenAsTheReferenceDataSayInEveryRound() throws IOException {
    for (JsonNode prompt : referencePrompts()) {
      List<Integer> accepted = rounds(SpeculationTest::cardLookup, prompt,
          new ServerSize(1, 800, 2, 1)).stream().map(round -> round.get(1)).toList();

      List<Integer> expected = new ArrayList<>();
      prompt.get("speculative_k4").get("ngram3_1_rounds")
          .forEach(round -> expected.add(round.get(1).intValue()));
      assertThat(accepted).as(prompt.get("name").textValue()).isEqualTo(expected);
    }
  }

  /** As the model card has it: n = 3 to 1, k = 4. */
  private static Drafter cardLookup() {
    return NgramDrafter.builder().minNgramSize(1).maxNgramSize(3)
        .maxNumDraftTokens(DrafterKind.MAX_NUM_DRAFT_TOKENS).build();
  }

  /**
   * The model card tells of 50 other prompts of the same books, lengths and settings: 75.5 % and
   * 3.96 tokens a step by the draft model, 34.6 % and 1.82 by prompt lookup. What these prompts
   * give is the same on every machine, and stands in docs/speculation.md.
   */
  @Test void onOtherPromptsOfTheSameKindTheFiguresAreCloseToThoseOfTheModelCard() {
    List<int[]> prompts = PromptKind.CHAT.prompts(models, 36, 2);
    ServerSize size = new ServerSize(36, 224, 2, 1);
    SamplingParameters sampling = SamplingParameters.greedy(128);
    try (Server model = new Server(models, () -> DrafterKind.MODEL.create(models, size), size);
        Server lookup = new Server(models, SpeculationTest::cardLookup, size)) {
      Served byModel = model.serve(prompts, 36, sampling, new FixedDraftLength(NUM_DRAFTS));
      Served byLookup = lookup.serve(prompts, 36, sampling, new FixedDraftLength(NUM_DRAFTS));

      assertThat(byLookup.tokens()).usingRecursiveComparison().isEqualTo(byModel.tokens());
      assertThat(byModel.drafts().acceptance()).isCloseTo(0.756, within(0.0005));
      assertThat(byModel.tokensPerRow()).isCloseTo(3.96, within(0.005));
      assertThat(byLookup.drafts().acceptance()).isCloseTo(0.324, within(0.0005));
      assertThat(byLookup.tokensPerRow()).isCloseTo(1.76, within(0.005));
    }
  }

  /** The same prompts again and again must not teach it their outputs. */
  @Test void theSuffixDrafterForgetsWhatItLearntInTheRunBefore() {
    List<int[]> prompts = PromptKind.CHAT.prompts(models, 3, 2);
    SamplingParameters sampling = SamplingParameters.greedy(32);
    try (Contestant contestant = new Contestant(DrafterKind.SUFFIX, models,
        BenchOptions.parse("--batches=1", "--tokens=32", "--threads=2"))) {
      Served first = contestant.serve(prompts, 1, sampling, "8");

      assertThat(contestant.serve(prompts, 1, sampling, "8").drafts().fields())
          .isEqualTo(first.drafts().fields());
    }
  }

  private static int[] ints(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
  }

  /** Drafts {@link #NUM_DRAFTS} and keeps how many were verified and accepted in each step. */
  private static final class Rounds implements DraftLengthPolicy {
    private final DraftLengthPolicy lengths = new FixedDraftLength(NUM_DRAFTS);
    private final List<List<Integer>> rounds = new ArrayList<>();
    private boolean isPromptComputed;

    @Override public void choose(DraftLengths chosen) {
      lengths.choose(chosen);
    }

    @Override public void onStep(StepFeedback feedback) {
      if (isPromptComputed) {
        rounds.add(List.of(feedback.numDraftTokens(0), feedback.numAcceptedTokens(0)));
      }
      isPromptComputed = true;
    }
  }
}
