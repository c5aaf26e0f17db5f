package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.SamplingParameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model cut short is the model that has only those layers. */
class FirstLayersTest {
  private static final TinyCheckpoint.Shape SHAPE =
      new TinyCheckpoint.Shape(8, 3, 2, 1, 4, 12, 10);

  @TempDir private Path directory;

  @Test
  void itDecodesAsTheModelWithThoseLayersAlone() throws Exception {
    TinyCheckpoint checkpoint = new TinyCheckpoint(SHAPE);
    HostModel whole = HostModel.load(checkpoint.write(Files.createDirectory(
        directory.resolve("whole"))));
    List<String> others = checkpoint.shapes.keySet().stream()
        .filter(name -> name.startsWith("model.layers.2.")).toList();
    others.forEach(checkpoint::remove);
    checkpoint.config.put("num_hidden_layers", "2");
    HostModel cut = HostModel.load(checkpoint.write(Files.createDirectory(
        directory.resolve("cut"))));

    assertThat(whole.firstLayers(2).numLayers()).isEqualTo(2);
    for (int seed = 0; seed < 20; seed++) {
      assertThat(decode(whole.firstLayers(2), seed)).isEqualTo(decode(cut, seed));
      assertThat(decode(whole.firstLayers(3), seed)).isEqualTo(decode(whole, seed));
    }
    assertThat(decode(cut, 1)).isNotEqualTo(decode(whole, 1));
  }

  private static int[] decode(HostModel model, long seed) {
    try (SoloDecoder decoder = SoloDecoder.singleThreaded(model)) {
      return decoder.decode(new int[] {1, 2, 3}, SamplingParameters.sampled(30, 1, seed), seed)
          .tokens();
    }
  }

  @Test
  void weightsAreShared() throws Exception {
    HostModel whole = HostModel.load(new TinyCheckpoint(SHAPE).write(directory));

    HostModel cut = whole.firstLayers(1);

    assertThat(cut.weights().embedding()).isSameAs(whole.weights().embedding());
    assertThat(cut.weights().layers()[0]).isSameAs(whole.weights().layers()[0]);
    assertThat(cut.vocabularySize()).isEqualTo(whole.vocabularySize());
  }

  @Test
  void aNumberOutOfRangeIsRefused() throws Exception {
    HostModel whole = HostModel.load(new TinyCheckpoint(SHAPE).write(directory));

    assertThatIllegalArgumentException().isThrownBy(() -> whole.firstLayers(0))
        .withMessage("numLayers is 0, must be 1 to 3");
    assertThatIllegalArgumentException().isThrownBy(() -> whole.firstLayers(4))
        .withMessage("numLayers is 4, must be 1 to 3");
  }
}
