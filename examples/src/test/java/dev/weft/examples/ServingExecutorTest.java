package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.gpuexecutor.CudaExecutor;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Which executor serves. */
class ServingExecutorTest {
  private static final Path FOLDER = ModelFolder.nearest().target();

  @Test
  void theHostIsTakenWithoutAWordWhenItIsAskedFor() throws IOException {
    ServingExecutor serving = of(ExecutorChoice.HOST);

    assertThat(serving.executor()).isInstanceOf(HostExecutor.class);
    assertThat(serving.remark()).isEmpty();
    assertThat(serving.isExact()).isTrue();
    serving.executor().close();
  }

  @Test
  void withoutAGpuTheHostIsTakenAndSaidWhy() throws IOException {
    assumeNoGpu();

    ServingExecutor serving = of(ExecutorChoice.AUTO);

    assertThat(serving.executor()).isInstanceOf(HostExecutor.class);
    assertThat(serving.remark()).startsWith("on the host, there is no GPU: ").doesNotContain("\n")
        .endsWith(CudaExecutor.unavailableReason().orElseThrow());
    serving.executor().close();
  }

  @Test
  void withoutAGpuNoneCanBeAskedFor() {
    assumeNoGpu();

    assertThatThrownBy(() -> of(ExecutorChoice.CUDA)).isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("--executor is cuda, but there is no GPU: ");
  }

  @Test
  void withAGpuItIsTaken() throws IOException {
    assumeTrue(CudaExecutor.isAvailable(), () -> CudaExecutor.unavailableReason().orElse(""));

    ServingExecutor serving = of(ExecutorChoice.AUTO);

    assertThat(serving.executor()).isInstanceOf(CudaExecutor.class);
    assertThat(serving.isExact()).isFalse();
    serving.executor().close();
  }

  private static void assumeNoGpu() {
    assumeTrue(!CudaExecutor.isAvailable(), "there is a GPU");
  }

  private static ServingExecutor of(ExecutorChoice choice) throws IOException {
    return ServingExecutor.of(choice, FOLDER, HostModel.load(FOLDER), 65, 1);
  }
}
