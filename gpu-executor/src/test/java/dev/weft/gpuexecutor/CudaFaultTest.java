package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorState;
import dev.weft.testkit.PlanWriter;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the CUDA executor does when the device fails: it invents, loses and hangs nothing. */
class CudaFaultTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int ILLEGAL_ADDRESS = 700;
  private static final Logger LOGGER = Logger.getLogger(CudaExecutor.class.getName());

  @BeforeAll
  static void silence() {
    LOGGER.setLevel(Level.OFF);
  }

  @AfterAll
  static void speak() {
    LOGGER.setLevel(null);
    StandIn.reset();
  }

  private static List<List<Integer>> expected() throws InterruptedException {
    CudaExecutorBuilder builder = CudaWorkload.builder();
    StandIn.reset();
    StandIn.multiprocessors(2);
    try (CudaExecutor executor = CudaToy.build(builder)) {
      return new CudaWorkload(executor).run();
    }
  }

  @ParameterizedTest
  @EnumSource(StandIn.Order.class)
  void aFaultInAnyKernelKillsTheExecutorOnce(StandIn.Order order) throws Exception {
    List<List<Integer>> expected = expected();
    assertThat(expected).hasSize(CudaWorkload.NUM_STEPS);
    int numDeaths = 0;
    for (int kernel = 1; ; kernel += kernel < 40 ? 1 : 7) {
      StandIn.reset();
      StandIn.multiprocessors(2);
      StandIn.order(order, kernel);
      try (CudaExecutor executor = CudaToy.build(CudaWorkload.builder())) {
        StandIn.failKernel(kernel, ILLEGAL_ADDRESS);
        List<List<Integer>> results = new CudaWorkload(executor).run();
        if (executor.state() == ExecutorState.READY) {
          assertThat(results).isEqualTo(expected);
          break;
        }
        numDeaths++;
        checkDead(executor, results, expected);
      }
      StandIn.verify();
    }
    assertThat(numDeaths).isGreaterThan(40);
  }

  private static void checkDead(
      CudaExecutor executor, List<List<Integer>> results, List<List<Integer>> expected) {
    assertThat(executor.state()).isEqualTo(ExecutorState.DEAD);
    assertThat(executor.failureMessage()).contains("700").contains("start another");
    assertThat(executor.lastGoodStepId()).isEqualTo(results.size());
    assertThat(results).isEqualTo(expected.subList(0, results.size()));
    assertThat(executor.submit(new PlanWriter().write())).isFalse();
  }

  @Test
  void whoeverHearsOfTheDeathMayClose() throws Exception {
    CudaExecutorBuilder builder = CudaWorkload.builder();
    StandIn.reset();
    StandIn.multiprocessors(2);
    CudaExecutor executor = CudaToy.build(builder);
    AtomicInteger numHeard = new AtomicInteger();
    Handler closes = new Handler() {
      @Override public void publish(LogRecord message) {
        executor.close();
        numHeard.incrementAndGet();
      }

      @Override public void flush() {}

      @Override public void close() {}
    };
    LOGGER.setLevel(Level.SEVERE);
    LOGGER.setUseParentHandlers(false);
    LOGGER.addHandler(closes);
    try {
      StandIn.failKernel(5, ILLEGAL_ADDRESS);
      new CudaWorkload(executor).run();
      while (numHeard.get() == 0) {
        Thread.onSpinWait();
      }
    } finally {
      LOGGER.removeHandler(closes);
      LOGGER.setUseParentHandlers(true);
      LOGGER.setLevel(Level.OFF);
    }
    assertThat(executor.state()).isEqualTo(ExecutorState.CLOSED);
    long numCalls = StandIn.numCalls("cuEventQuery");
    executor.close();
    assertThat(StandIn.numCalls("cuEventQuery")).isEqualTo(numCalls);
    assertThat(numHeard).hasValue(1);
    StandIn.verify();
  }

  @Test
  void aFaultWhileTheModelIsLoadedGivesEverythingBack() {
    for (int kernel = 1; kernel <= 25; kernel += 6) {
      CudaExecutorBuilder builder = CudaWorkload.builder();
      StandIn.reset();
      StandIn.failKernel(kernel, ILLEGAL_ADDRESS);

      assertThatThrownBy(builder::build)
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS");
      StandIn.verify();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuGraphInstantiate", "cuGraphUpload", "cuGraphLaunch"})
  void aGraphThatFindsNoMemoryIsToldAndGivesEverythingBack(String call) {
    CudaExecutorBuilder builder = CudaWorkload.builder();
    for (int n = 1; n <= 3; n++) {
      StandIn.reset();
      StandIn.failCall(call, n, OUT_OF_MEMORY);

      assertThatThrownBy(builder::build)
          .isInstanceOfSatisfying(OutOfDeviceMemoryException.class, e -> {
            assertThat(e.call()).isEqualTo(call);
            assertThat(e.neededBytes()).isEqualTo(OutOfDeviceMemoryException.UNKNOWN);
            assertThat(e.freeBytes()).isPositive();
          })
          .hasMessageContaining("needs an unknown number of bytes, the device has ");
      StandIn.verify();
    }
  }

  @Test
  void tooLittleMemoryIsToldAndGivesEverythingBack() throws IOException {
    long enough = 0;
    int numRefusals = 0;
    for (long bytes = 1 << 20; enough == 0; bytes += 3 << 20) {
      CudaExecutorBuilder builder = CudaWorkload.builder();
      StandIn.reset();
      StandIn.memory(bytes);
      try (CudaExecutor executor = builder.build()) {
        assertThat(executor.state()).isEqualTo(ExecutorState.READY);
        enough = bytes;
      } catch (OutOfDeviceMemoryException e) {
        assertThat(e.neededBytes()).isGreaterThan(e.freeBytes());
        numRefusals++;
      }
      StandIn.verify();
    }
    assertThat(numRefusals).isPositive();
  }
}
