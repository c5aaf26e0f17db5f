package dev.weft.benchmarks.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the host benchmark multiplies, counts and prints; no time is measured. */
class HostBenchmarkTest {
  private static final Path REPOSITORY = Path.of("..");
  private static final ModelShape TINY = new ModelShape(16, 2, 2, 1, 8, 24, 40);

  @TempDir Path scratch;

  @ParameterizedTest
  @EnumSource(names = {"DRAFT", "TARGET"})
  void theShapesOfTheShippedModelsAreThoseOfTheirFiles(BenchModel model) throws IOException {
    String config = Files.readString(model.folder(REPOSITORY, scratch).resolve("config.json"));
    ModelShape shape = model.shape();

    assertThat(config).contains(
        "\"hidden_size\": " + shape.hiddenSize() + ",",
        "\"num_hidden_layers\": " + shape.numLayers() + ",",
        "\"num_attention_heads\": " + shape.numHeads() + ",",
        "\"num_key_value_heads\": " + shape.numKvHeads() + ",",
        "\"head_dim\": " + shape.headDim() + ",",
        "\"intermediate_size\": " + shape.intermediateSize() + ",",
        "\"vocab_size\": " + shape.vocabularySize());
  }

  @Test
  void theWorkOfATokenIsCounted() {
    // Per layer 16 x (16 + 2 x 8) + 16 x 16 + 3 x 16 x 24 = 1,920 weights; 640 for the output.
    assertThat(TINY.numWeights()).isEqualTo(2 * 1920 + 640);
    assertThat(TINY.decodeFlops(10)).isEqualTo(2 * 4480 + 2 * 4 * 16 * 10);
    assertThat(TINY.decodeBytes(3, 10)).isEqualTo(4 * 4480 + 2 * 4 * 2 * 8 * 3 * 10);
    // Of one token everything is computed, in both layers.
    assertThat(TINY.prefillFlops(1)).isEqualTo(TINY.decodeFlops(1));
  }

  @Test
  void theSameRandomCheckpointIsWrittenAgainAndCanBeComputed() throws IOException {
    Path tokenizer = Files.writeString(scratch.resolve("tokenizer.json"), "{}");
    RandomCheckpoint.write(TINY, scratch.resolve("a"), tokenizer);
    RandomCheckpoint.write(TINY, scratch.resolve("b"), tokenizer);

    assertThat(scratch.resolve("a/model.safetensors"))
        .hasSameBinaryContentAs(scratch.resolve("b/model.safetensors"));
    HostModel model = HostModel.load(scratch.resolve("a"));
    try (SoloDecoder solo = SoloDecoder.singleThreaded(model);
        WeftContender weft = new WeftContender(model, 1, BenchClock.of(1))) {
      int[] prompt = IntStream.range(3, 20).toArray();
      assertThat(weft.continuation(prompt, 8))
          .isEqualTo(solo.decode(prompt, SamplingParameters.greedy(8), 0).tokens());
    }
  }

  @Test
  void aBatchIsDecodedToItsEnd() throws IOException {
    Path tokenizer = Files.writeString(scratch.resolve("tokenizer.json"), "{}");
    RandomCheckpoint.write(TINY, scratch.resolve("a"), tokenizer);
    int[][] prompts = {{3, 4, 5}, {6, 7, 8}, {9, 10, 11}};

    HostModel model = HostModel.load(scratch.resolve("a"));
    try (WeftContender weft = new WeftContender(model, 2, BenchClock.of(2))) {
      assertThat(weft.decode(prompts, 5)).isPositive();
      assertThat(weft.prefill(prompts[0])).isPositive();
    }
  }

  @Test
  void theTableHasMediansRatiosAndShares() {
    List<Sample> samples = List.of(
        sample("ceiling", "gigaflops", 100), sample("ceiling", "gigabytes", 50),
        sample("weft", "DECODE_1", 900), sample("weft", "DECODE_1", 1100),
        sample("weft", "DECODE_1", 1000), sample("jlama", "DECODE_1", 250),
        sample("weft", "DECODE_32", 4000));

    // 4.6 million weights and 162.5 positions: 10.2 MFLOP and 19.4 MB a token at batch 1.
    assertThat(new ThroughputTable(samples).section(BenchModel.TARGET, 1))
        .contains("| decode, batch 1 | 1,000 (900-1,100) | 250 (250-250) | 4.0 | 10.2 | 10 % |")
        .contains("| batch 32 | 4,000 (4,000-4,000) |  | 16.0 |");
  }

  private static Sample sample(String contender, String what, double rate) {
    return Sample.parse(BenchModel.TARGET, 1, 1, "sample," + contender + "," + what + "," + rate);
  }

  @Test
  void anUnknownOptionIsRefused() {
    assertThatThrownBy(() -> HostOptions.parse("--rounds=3", "--round=3"))
        .hasMessageContaining("--round=3 is none of");
    assertThat(HostOptions.parse("--rounds=3").numRounds()).isEqualTo(3);
  }
}
