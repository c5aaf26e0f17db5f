package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.gpuexecutor.PagedRunner.Placement;
import dev.weft.gpuexecutor.PagedRunner.Setting;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SamplingParameters;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SoloDecoderTest {
  private static final HostModel DRAFT = ReferenceData.model("draft");
  private static final int[] PROMPT = {1, 37, 68, 271, 304};

  private static SamplingParameters.Builder parameters() {
    return SamplingParameters.builder().maxNewTokens(20);
  }

  private static SoloOutput decode(SamplingParameters parameters, long seed) {
    try (SoloDecoder decoder = new SoloDecoder(DRAFT, 200, 1, Thread::new)) {
      return decoder.decode(PROMPT, parameters, seed);
    }
  }

  @ParameterizedTest
  @CsvSource({"target, 2", "draft, 1"})
  void greedyContinuationsAreThoseOfTorch(String model, int numThreads) throws Exception {
    SamplingParameters greedy = SamplingParameters.greedy(64);
    HostModel loaded = ReferenceData.model(model);
    try (SoloDecoder decoder = new SoloDecoder(loaded, 1024, numThreads, Thread::new)) {
      for (ReferenceData.Prompt prompt : ReferenceData.prompts(model)) {
        SoloOutput output = decoder.decode(prompt.tokens(), greedy, 0);
        assertThat(output.tokens()).as(prompt.name()).isEqualTo(prompt.greedy());
        assertThat(output.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(output.logprob(0)).isNaN();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"target, 1", "draft, 3"})
  void logitsHaveTheBitsOfThePagedPath(String model, int numThreads) throws Exception {
    List<ReferenceData.Prompt> prompts =
        ReferenceData.prompts(model).stream().filter(p -> p.tokens().length <= 300).toList();
    Setting setting = new Setting(50, 400, Placement.SHUFFLED, 2);
    HostModel loaded = ReferenceData.model(model);
    try (PagedRunner paged = new PagedRunner(loaded, setting);
        WorkerTeam team = new WorkerTeam(numThreads, Thread::new)) {
      List<int[]> sequences = prompts.stream().map(ReferenceData.Prompt::all).toList();
      List<float[][]> expected = paged.logits(sequences);
      SoloForward forward = new SoloForward(loaded, team, 400);
      for (int i = 0; i < sequences.size(); i++) {
        int[] tokens = sequences.get(i);
        int half = tokens.length / 2;
        assertThat(forward.run(tokens, 0, half)).isEqualTo(expected.get(i)[half - 1]);
        for (int to = half + 1; to <= half + 9; to++) {
          assertThat(forward.run(tokens, to - 1, to)).isEqualTo(expected.get(i)[to - 1]);
        }
        assertThat(forward.run(tokens, half + 9, tokens.length))
            .isEqualTo(expected.get(i)[tokens.length - 1]);
      }
    }
  }

  @Test
  void equalSeedsDrawEqualTokensAndOthersDiffer() {
    SamplingParameters hot = parameters().temperature(1.2f).topP(0.95f).build();
    assertThat(decode(hot, 4).tokens()).isEqualTo(decode(hot, 4).tokens());
    assertThat(decode(hot, 4).tokens()).isNotEqualTo(decode(hot, 5).tokens());
  }

  @Test
  void aDecoderKeepsNothingOfTheSequenceBefore() {
    SamplingParameters plain = parameters().temperature(1).build();
    SamplingParameters penalised =
        parameters().temperature(1).presencePenalty(2).repetitionPenalty(1.5f).build();
    try (SoloDecoder decoder = new SoloDecoder(DRAFT, 200, 1, Thread::new)) {
      decoder.decode(PROMPT, penalised, 1);
      assertThat(decoder.decode(PROMPT, plain, 4).tokens()).isEqualTo(decode(plain, 4).tokens());
      assertThat(decoder.decode(PROMPT, penalised, 4).tokens())
          .isEqualTo(decode(penalised, 4).tokens());
    }
  }

  @Test
  void aStopTokenEndsTheOutputAndBelongsToIt() {
    int[] plain = decode(parameters().build(), 0).tokens();
    int firstStop = IntStream.range(0, 20).filter(i -> plain[i] == plain[5]).findFirst().orElse(5);
    SoloOutput output = decode(parameters().stopTokenIds(plain[5], 1023).build(), 0);
    assertThat(output.tokens()).isEqualTo(Arrays.copyOf(plain, firstStop + 1));
    assertThat(output.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void stopTokensAreWithheldUntilMinNewTokens() {
    int[] plain = decode(parameters().build(), 0).tokens();
    SoloOutput output =
        decode(parameters().stopTokenIds(plain[0], plain[1]).minNewTokens(10).build(), 0);
    assertThat(output.tokens().length).isGreaterThanOrEqualTo(10);
    assertThat(Arrays.copyOf(output.tokens(), 10)).doesNotContain(plain[0], plain[1]);
  }

  @Test
  void theLengthOfTheSequenceEndsTheOutput() {
    try (SoloDecoder decoder = new SoloDecoder(DRAFT, 8, 1, Thread::new)) {
      SoloOutput output = decoder.decode(PROMPT, parameters().build(), 0);
      assertThat(output.tokens()).hasSize(3);
      assertThat(output.finishReason()).isEqualTo(FinishReason.LENGTH);
    }
  }

  @Test
  void logprobsAreReportedWhereAskedFor() {
    SoloOutput output = decode(parameters().numLogprobs(3).build(), 0);
    for (int i = 0; i < output.numTokens(); i++) {
      assertThat(output.numTopTokens(i)).isEqualTo(3);
      assertThat(output.topToken(i, 0)).isEqualTo(output.tokens()[i]);
      assertThat(output.topLogprob(i, 0)).isEqualTo(output.logprob(i)).isNegative();
      assertThat(output.topLogprob(i, 1)).isLessThanOrEqualTo(output.logprob(i));
    }
    SoloOutput chosenAlone = decode(parameters().numLogprobs(0).build(), 0);
    assertThat(chosenAlone.logprob(5)).isEqualTo(output.logprob(5));
    assertThat(chosenAlone.numTopTokens(5)).isZero();
    assertThat(decode(parameters().build(), 0).numTopTokens(5)).isZero();
  }

  @Test
  void aSequenceForWhichNothingIsPermittedEndsWithAnError(@TempDir Path directory)
      throws Exception {
    HostModel tiny = HostModel.load(new TinyCheckpoint().write(directory));
    int[] all = IntStream.range(0, 10).toArray();
    try (SoloDecoder decoder = SoloDecoder.singleThreaded(tiny)) {
      SoloOutput output =
          decoder.decode(
              new int[] {1}, parameters().stopTokenIds(all).minNewTokens(1).build(), 0);
      assertThat(output.tokens()).isEmpty();
      assertThat(output.finishReason()).isEqualTo(FinishReason.ERROR);
    }
  }

  @Test
  void wrongArgumentsAreRefused() {
    SamplingParameters greedy = SamplingParameters.greedy(1);
    assertThatThrownBy(() -> new SoloDecoder(DRAFT, 1025, 1, Thread::new))
        .hasMessage("maxTokens is 1025, must be 2 to 1024");
    assertThatThrownBy(() -> new SoloDecoder(DRAFT, 8, 0, Thread::new))
        .hasMessage("numThreads is 0, must be 1 or more");
    try (SoloDecoder decoder = new SoloDecoder(DRAFT, 8, 1, Thread::new)) {
      assertThatThrownBy(() -> decoder.decode(new int[8], greedy, 0))
          .hasMessage("prompt has 8 tokens, must have 1 to 7");
      assertThatThrownBy(() -> decoder.decode(new int[] {1024}, greedy, 0))
          .hasMessage("prompt token is 1024, must be 0 to 1023");
    }
  }
}
