package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.engine.WeftEngineBuilder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SchedulerLimits;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** The defaults that docs/sizing.md names are the ones that apply. */
class SizingPageTest {
  @Test
  void theDefaultsAreTheOnesThatApply() throws IOException {
    HostModel model = HostModel.load(ModelFolder.nearest().target());
    ExecutorSpec spec;
    try (HostExecutor executor = HostExecutor.builder(model).build()) {
      spec = executor.spec();
    }
    SchedulerLimits limits = WeftEngineBuilder.limitsFor(spec).build();

    assertDefault("blockSize", "executor", spec.blockSize());
    assertDefault("numBlocks", "executor", spec.numBlocks());
    assertDefault("maxNumRows", "executor", spec.maxNumRows());
    assertDefault("numSlots", "executor", spec.numSlots());
    assertDefault("maxNumBatchedTokens", "executor", spec.maxNumBatchedTokens());
    assertDefault("maxInFlight", "executor", spec.maxInFlight());
    assertDefault("maxNumSeqs", "limits", limits.maxNumSeqs());
    assertDefault("maxNumWaiting", "limits", limits.maxNumWaiting());
  }

  private static void assertDefault(String name, String setIn, int value) throws IOException {
    assertThat(Files.readString(SourceFile.repository().resolve("docs/sizing.md")))
        .as("docs/sizing.md, the default of " + name)
        .contains("| `" + name + "` | " + setIn + " | " + value + " |");
  }
}
