package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.examples.ModelFolder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command line may say. */
class OpenAiOptionsTest {
  @Test void withoutOptionsThisMachineAloneIsServed() {
    assertThat(OpenAiOptions.parse())
        .isEqualTo(new OpenAiOptions("127.0.0.1", 8000, null, 1024, 30, null, false));
  }

  @Test void everyOptionIsTaken() {
    String model = ModelFolder.nearest().target().toString();

    assertThat(OpenAiOptions.parse("--port", "0", "--host", "::1", "--model", model,
        "--max-waiting", "7", "--drain-seconds", "0", "--timeline", "/run.html"))
        .isEqualTo(new OpenAiOptions("::1", 0, ModelFolder.nearest().target(), 7, 0,
            Path.of("/run.html").toAbsolutePath(), false));
    assertThat(OpenAiOptions.parse("--port", "1", "--help").isHelp()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "--port 65536    | --port is 65536, must be 0 to 65535",
      "--port x        | --port is x, must be 0 to 65535",
      "--port          | --port has no value",
      "--port 1 --port 1 | --port is given twice",
      "--pork 1        | unknown option --pork",
      "--model /nowhere | --model is /nowhere, but has no config.json",
      "--timeline /no/where | --timeline is /no/where, must be a file in a folder that exists",
      "--max-waiting 0 | --max-waiting is 0, must be 1 to 1048576"
  })
  void aWrongOptionIsNamed(String options, String message) {
    assertThatThrownBy(() -> OpenAiOptions.parse(options.split(" ")))
        .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(message);
  }
}
