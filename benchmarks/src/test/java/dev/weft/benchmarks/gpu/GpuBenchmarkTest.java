package dev.weft.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.gpuexecutor.CudaModel;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What can be known of the GPU benchmark without a GPU. */
class GpuBenchmarkTest {
  private static final Path ROOT = Path.of("..");

  @Test
  void theDefaultsAreThoseOfTheHelp() {
    GpuOptions options = GpuOptions.parse("--shape=" + ROOT.resolve("benchmarks/gpu/shapes/1B"));

    assertThat(options.modelName()).isEqualTo("1B");
    assertThat(options.batches()).containsExactly(1, 16, 64, 256);
    assertThat(options.length()).isEqualTo(640);
    assertThat(options.library()).isFalse();
    assertThat(GpuOptions.HELP).contains("--batches=1,16,64,256", "--prompt=" + 512,
        "--output=" + options.numOutputTokens(), "--rounds=" + options.numRounds(),
        "--warmups=" + options.numWarmups(), "--step-tokens=" + options.maxBatchedTokens());
  }

  @Test
  void aWrongOptionIsNamed() {
    String shape = "--shape=" + ROOT.resolve("benchmarks/gpu/shapes/8B");

    assertThatThrownBy(() -> GpuOptions.parse("--shape=nowhere"))
        .hasMessage("--shape is \"nowhere\", must be a folder with a config.json");
    assertThatThrownBy(() -> GpuOptions.parse(shape, "--batch=1"))
        .hasMessage("--batch=1 is no option; --help lists them");
    assertThatThrownBy(() -> GpuOptions.parse(shape, "--batches=1,two"))
        .hasMessage("--batches is two, must be a number");
    assertThatThrownBy(() -> GpuOptions.parse(shape, "--rounds=0"))
        .hasMessage("--rounds is 0, must be 1 or more");
  }

  @Test
  void theShapesAreModelsThatTheExecutorTakes() throws IOException {
    for (String name : new String[] {"1B", "8B"}) {
      CudaModel model =
          CudaModel.ofRandomWeights(ROOT.resolve("benchmarks/gpu/shapes").resolve(name), 1);

      assertThat(model.vocabularySize()).isEqualTo(128_256);
      assertThat(model.maxPositions()).isGreaterThanOrEqualTo(640);
    }
  }

  @Test
  void decodingIsTimedFromTheLastFirstToken() {
    TokenTimes times = new TokenTimes();
    times.begin(7, 2, 1_000_000_000);
    times.onToken(7, 0, 0, 5, 1_100_000_000);
    times.onToken(7, 0, 1, 5, 1_300_000_000);
    times.onToken(8, 0, 0, 5, 1_300_000_000);
    times.onToken(7, 0, 2, 5, 1_400_000_000);
    times.onToken(8, 0, 1, 5, 1_400_000_000);
    times.onToken(8, 0, 2, 5, 1_500_000_000);

    GpuSample sample = times.sample("toy", 1);

    assertThat(sample.numTokens()).isEqualTo(6);
    assertThat(sample.seconds()).isCloseTo(0.5, within(1e-9));
    assertThat(sample.firstTokenSeconds()).isCloseTo(0.1, within(1e-9));
    assertThat(sample.numDecodeTokens()).isEqualTo(3);
    assertThat(sample.decodeSeconds()).isCloseTo(0.2, within(1e-9));
  }

  @Test
  void theDeviceIsIdleInWhatIsLeftOfTheStepsOfDecoding() {
    TokenTimes times = new TokenTimes();
    times.begin(7, 2, 1_000_000_000);
    times.onToken(7, 0, 0, 5, 1_100_000_000);
    times.onStep(90_000_000, 1_100_000_000);
    times.onToken(7, 0, 1, 5, 1_300_000_000);
    times.onToken(8, 0, 0, 5, 1_300_000_000);
    times.onStep(190_000_000, 1_300_000_000);
    times.onToken(7, 0, 2, 5, 1_400_000_000);
    times.onToken(8, 0, 1, 5, 1_400_000_000);
    times.onStep(98_000_000, 1_400_000_000);
    times.onToken(7, 0, 3, 5, 1_500_000_000);
    times.onToken(8, 0, 2, 5, 1_500_000_000);
    times.onStep(95_000_000, 1_500_000_000);
    times.onToken(8, 0, 3, 5, 1_602_000_000);
    times.onStep(96_000_000, 1_602_000_000);
    times.onStep(77_000_000, 1_700_000_000); // was in flight when the last request ended

    GpuSample sample = times.sample("toy", 1);

    assertThat(sample.numSteadySteps()).isEqualTo(2);
    assertThat(sample.steadySeconds()).isCloseTo(0.202, within(1e-12));
    assertThat(sample.steadyDeviceSeconds()).isCloseTo(0.191, within(1e-12));
    assertThat(sample.idleSeconds()).isCloseTo(0.0055, within(1e-12));
    assertThat(sample.toString()).endsWith("device idle for 5500.0 us of a step");
  }

  @Test
  void lessThanTwoStepsOfDecodingTellNothingOfTheDevice() {
    TokenTimes times = new TokenTimes();
    for (int numTokens = 1; numTokens <= 2; numTokens++) {
      times.begin(9, 1, 2_000_000_000);
      for (int i = 0; i < numTokens; i++) {
        times.onToken(9, 0, i, 5, 2_100_000_000L + i);
        times.onStep(50_000_000, 2_100_000_000L + i);
      }

      assertThat(times.sample("toy", 2).idleSeconds()).isNaN();
    }
  }

  @Test
  void batchesAreServedToTheirFullLength() throws IOException, InterruptedException {
    HostModel model = HostModel.load(ROOT.resolve("model/draft"));
    HostExecutor executor = HostExecutor.builder(model).maxNumRows(4).numBlocks(65)
        .maxModelLen(64).numThreads(1).build();
    try (BatchServer server = new BatchServer(executor)) {
      for (int batch : new int[] {1, 4}) {
        GpuSample sample = server.serve("draft", batch, 20, 8, 1);

        assertThat(sample.batch()).isEqualTo(batch);
        assertThat(sample.numTokens()).isEqualTo(8 * batch);
        assertThat(sample.numDecodeTokens()).isEqualTo(7 * batch);
        assertThat(sample.decodeSeconds()).isPositive().isLessThan(sample.seconds());
        assertThat(sample.numSteadySteps()).isEqualTo(6);
        assertThat(sample.steadySeconds()).isPositive().isLessThan(sample.decodeSeconds());
        assertThat(sample.steadyDeviceSeconds()).isPositive().isLessThan(sample.decodeSeconds());
      }
    }
  }

  @Test
  void aSampleIsALineOfJson() throws IOException {
    String line = new GpuSample("1B", 16, 2, 2048, 1.5, 0.25, 2032, 1.25, 126, 1.24, 1.238)
        .json(512, 128, "weft");

    JsonNode json = new ObjectMapper().readTree(line);

    assertThat(line).doesNotContain("\n");
    assertThat(json.get("kind").textValue()).isEqualTo("run");
    assertThat(json.get("engine").textValue()).isEqualTo("weft");
    assertThat(json.get("batch").intValue()).isEqualTo(16);
    assertThat(json.get("decode_tokens").intValue()).isEqualTo(2032);
    assertThat(json.get("steady_steps").intValue()).isEqualTo(126);
    assertThat(json.get("steady_seconds").doubleValue()).isEqualTo(1.24);
    assertThat(json.get("steady_device_seconds").doubleValue()).isEqualTo(1.238);
    assertThat(json.get("seconds").doubleValue()).isEqualTo(1.5);
  }
}
