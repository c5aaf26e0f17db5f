package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeOptionsTest {
  @TempDir Path folder;

  @Test
  void nothingAskedForIsTheWholeRun() {
    assertThat(ServeOptions.parse()).isEqualTo(new ServeOptions(
        null, null, null, null, 64, ExecutorChoice.AUTO, false));
  }

  @Test
  void everyOptionIsRead() {
    String file = folder.resolve("out.json").toString();

    String page = folder.resolve("run.html").toString();
    String trace = folder.resolve("run.json").toString();

    ServeOptions options = ServeOptions.parse("--requests", "16", "--outputs", file,
        "--model", folder.toString(), "--timeline", page, "--trace", trace,
        "--executor", "cuda");

    assertThat(options).isEqualTo(new ServeOptions(
        folder, Path.of(file), Path.of(page), Path.of(trace), 16,
        ExecutorChoice.CUDA, false));
  }

  @Test
  void helpWinsOverTheRest() {
    assertThat(ServeOptions.parse("--requests", "16", "--help").isHelp()).isTrue();
    assertThat(ServeOptions.HELP).contains("--requests", "--outputs", "--timeline",
        "--trace", "--model", "--executor", "raised by 0.25;", "--help");
  }

  @Test
  void anUnknownOptionIsNamed() {
    refused("unknown option --output", "--output", "x");
  }

  @Test
  void anOptionWithoutAValueIsNamed() {
    refused("--requests has no value", "--requests");
  }

  @Test
  void anOptionGivenTwiceIsNamed() {
    refused("--requests is given twice", "--requests", "16", "--requests", "17");
  }

  @Test
  void aNumberOutOfRangeIsNamedWithItsRange() {
    refused("--requests is 15, must be 16 to 64", "--requests", "15");
    refused("--requests is 65, must be 16 to 64", "--requests", "65");
    refused("--requests is many, must be 16 to 64", "--requests", "many");
  }

  @Test
  void anExecutorThatThereIsNotIsNamed() {
    refused("--executor is gpu, must be auto, cuda or host", "--executor", "gpu");
  }

  @Test
  void aFileThatCannotBeWrittenIsNamed() {
    String missing = folder.resolve("missing/out.json").toString();

    refused("--outputs is " + missing + ", must be a file in a folder that exists",
        "--outputs", missing);
    refused("--outputs is " + folder + ", must be a file", "--outputs", folder.toString());
    refused("--timeline is " + missing, "--timeline", missing);
    refused("--trace is " + missing, "--trace", missing);
  }

  @Test
  void aModelThatIsNotThereIsNamed() {
    String missing = folder.resolve("missing").toString();

    refused("--model is " + missing + ", must be a folder with target/ and reference/",
        "--model", missing);
  }

  @Test
  void aFolderWithoutAModelNamesTheFirstMissingFile() {
    assertThatThrownBy(() -> new ModelFolder(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no target/config.json in the model folder " + folder);
  }

  @Test
  void theModelIsFoundFromTheRepositoryAndFromTheExamples() {
    Path root = SourceFile.repository();

    assertThat(ModelFolder.nearest(root)).isEqualTo(ModelFolder.nearest(root.resolve("examples")));
  }

  @Test
  void aPlaceOutsideTheRepositorySaysHowToNameTheModel() {
    Path outside = Objects.requireNonNull(folder.getRoot());

    assertThatThrownBy(() -> ModelFolder.nearest(outside))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no model/target/config.json in " + outside)
        .hasMessageContaining("--model DIR");
  }

  private static void refused(String message, String... arguments) {
    assertThatThrownBy(() -> ServeOptions.parse(arguments))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
