package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The life of a CUDA executor on the emulated device, beside what the contract asks of all. */
@ExtendWith(VerifiedDevice.class)
class CudaExecutorTest {
  private static final SamplingParameters GREEDY = SamplingParameters.greedy(50);
  private static final Logger LOGGER = Logger.getLogger(CudaExecutor.class.getName());
  private static final int NOT_A_NUMBER_TOKEN = 7;

  private final PlanWriter writer = new PlanWriter();
  private final StepResult result = new StepResult(4, 0, 20);

  @BeforeEach
  void reset() {
    StandIn.reset();
    StandIn.multiprocessors(2);
  }

  @AfterEach
  void speak() {
    LOGGER.setLevel(null);
  }

  private StepResult run(CudaExecutor executor, StepPlan plan) throws InterruptedException {
    assertThat(executor.submit(plan)).isTrue();
    assertThat(executor.await(60_000_000_000L)).isTrue();
    assertThat(executor.poll(result)).isTrue();
    return result;
  }

  @ParameterizedTest
  @EnumSource(StandIn.Order.class)
  void aWholeRunHasNoRaceAndReadsNothingUnwritten(StandIn.Order order) throws Exception {
    StandIn.order(order, 5);
    StandIn.schedule(5);
    StandIn.check(StandIn.Checks.RACES_AND_UNWRITTEN);

    try (CudaExecutor executor = CudaToy.build(CudaWorkload.builder())) {
      assertThat(new CudaWorkload(executor).run()).hasSize(CudaWorkload.NUM_STEPS);
    }
  }

  /** All that the workload above leaves out: long rows, lists, penalties, masks, and trees. */
  @ParameterizedTest
  @CsvSource({"EAGER, 2", "LAZY, 40", "RANDOM, 2"})
  void noRaceIsInALongPromptAndATreeWithMasks(StandIn.Order order, int numMultiprocessors)
      throws Exception {
    StandIn.multiprocessors(numMultiprocessors);
    StandIn.order(order, 7);
    StandIn.schedule(5);
    StandIn.check(StandIn.Checks.RACES_AND_UNWRITTEN);
    int[] prompt = IntStream.range(0, 100).toArray();
    SamplingParameters sampling =
        SamplingParameters.builder().maxNewTokens(20).temperature(1).topK(40).topP(0.9f)
            .numLogprobs(5).repetitionPenalty(1.2f).build();
    Request request = Request.builder(1, prompt).sampling(sampling).build();
    CudaExecutorBuilder builder =
        CudaToy.builder().maxModelLen(128).numBlocks(9).maxNumRows(2).maxNumBatchedTokens(128)
            .maxNumDraftTokens(4);
    StepResult drafted = new StepResult(2, 4, 20);
    try (CudaExecutor executor = CudaToy.build(builder)) {
      writer.attach(0, request, 0, 7, prompt).blocks(0, 1, 2, 3, 4, 5, 6, 7, 8);
      writer.sampledRow(0, 0, prompt).mask(100, 17, 18);
      assertThat(executor.submit(writer.write())).isTrue();
      // The second draft is right and the first is not, so the keys of two drafts have to move.
      writer.rowOnDevice(0, 100).draftTree(new int[] {9, 5, 7}, new int[] {-1, -1, 1});
      writer.mask(100, 5).maskBehind(1, 100, 7);
      assertThat(executor.submit(writer.write())).isTrue();

      executor.await(60_000_000_000L);
      assertThat(executor.poll(drafted)).isTrue();
      assertThat(drafted.token(0, 0)).isIn(17, 18);
      executor.await(60_000_000_000L);
      assertThat(executor.poll(drafted)).isTrue();
      assertThat(drafted.numTokens(0)).isEqualTo(3);
      assertThat(List.of(drafted.token(0, 0), drafted.token(0, 1))).containsExactly(5, 7);
      run(executor, writer.rowOnDevice(0, 103).write());
    }
  }

  @Test
  void aStepThatNeverComesBackKillsTheExecutor() throws Exception {
    LOGGER.setLevel(Level.OFF);
    AtomicLong now = new AtomicLong();
    CudaExecutorBuilder builder =
        CudaWorkload.builder().clock(now::get).stepTimeout(Duration.ofSeconds(5));
    StandIn.order(StandIn.Order.LAZY, 1);
    CudaExecutor executor = CudaToy.build(builder);
    writer.attach(0, Request.builder(1, 1, 2).sampling(GREEDY).build(), 0).blocks(0, 1, 2);
    run(executor, writer.sampledRow(0, 0, 1, 2).write());
    StandIn.hangKernel(3);
    assertThat(executor.submit(writer.rowOnDevice(0, 2).write())).isTrue();

    now.set(Duration.ofSeconds(4).toNanos());
    assertThat(executor.poll(result)).isFalse();
    assertThat(executor.state()).isEqualTo(ExecutorState.READY);
    now.set(Duration.ofSeconds(6).toNanos());
    assertThat(executor.poll(result)).isFalse();

    assertThat(executor.state()).isEqualTo(ExecutorState.DEAD);
    assertThat(executor.failureMessage()).contains("took longer than 5000000000 ns");
    assertThat(executor.lastGoodStepId()).isEqualTo(1);
    executor.close();
    assertThat(executor.state()).isEqualTo(ExecutorState.CLOSED);
    StandIn.reset();
  }

  @Test
  void aStepThatNeverComesBackHoldsUpCloseNoLongerThanItsLimit() throws Exception {
    CudaExecutorBuilder builder = CudaWorkload.builder().stepTimeout(Duration.ofMillis(20));
    StandIn.order(StandIn.Order.LAZY, 1);
    CudaExecutor executor = CudaToy.build(builder);
    writer.attach(0, Request.builder(1, 1, 2).sampling(GREEDY).build(), 0).blocks(0, 1, 2);
    StandIn.hangKernel(3);
    assertThat(executor.submit(writer.sampledRow(0, 0, 1, 2).write())).isTrue();

    executor.close();

    assertThat(executor.state()).isEqualTo(ExecutorState.CLOSED);
    StandIn.reset();
  }

  @Test
  void anExecutorWithoutAThreadGivesEverythingBack() {
    CudaExecutorBuilder builder =
        CudaWorkload.builder()
            .threadFactory(
                task -> {
                  throw new IllegalStateException("no more threads");
                });

    assertThatThrownBy(builder::build).hasMessage("no more threads");
  }

  @Test
  void twoExecutorsTakeTurnsOnOneThread() throws Exception {
    try (CudaExecutor first = CudaToy.build(CudaWorkload.builder())) {
      List<List<Integer>> expected = new CudaWorkload(first).run();
      try (CudaExecutor second = CudaToy.build(CudaWorkload.builder())) {
        assertThat(new CudaWorkload(second).run()).isEqualTo(expected);
      }
      writer.stepId(CudaWorkload.NUM_STEPS + 1);
      writer.attach(0, Request.builder(1, 1, 2).sampling(GREEDY).build(), 0).blocks(0, 1);
      run(first, writer.sampledRow(0, 0, 1, 2).write());
    }
  }

  @Test
  void aRequestOfNotANumberFailsAloneAndLeavesNoTrace(@TempDir Path folder) throws Exception {
    TinyCheckpoint checkpoint =
        new TinyCheckpoint(new TinyCheckpoint.Shape(64, 2, 4, 2, 32, 80, 100));
    int first = NOT_A_NUMBER_TOKEN * 64;
    Arrays.fill(
        checkpoint.weights("model.embed_tokens.weight"), first, first + 64, Float.NaN);
    CudaModel model = CudaModel.open(checkpoint.write(folder));
    int[] bad = {1, NOT_A_NUMBER_TOKEN, 2};
    int[] good = {3, 4, 5};
    try (CudaExecutor executor = small(model).build()) {
      attach(0, good, 1);
      writer.sampledRow(0, 0, good);
      int alone = run(executor, writer.write()).token(0, 0);
      writer.detach(0);
      run(executor, writer.write());

      attach(0, bad, 1);
      attach(1, good, 2);
      writer.sampledRow(0, 0, bad).sampledRow(1, 0, good);
      run(executor, writer.write());
      assertThat(result.isFailedRow(0)).isTrue();
      assertThat(result.isFailedRow(1)).isFalse();
      assertThat(result.token(1, 0)).isEqualTo(alone);

      // The block of the failed request holds what is no number, and now belongs to another one.
      writer.detach(0).detach(1);
      run(executor, writer.write());
      attach(2, good, 1);
      writer.sampledRow(2, 0, good);
      assertThat(run(executor, writer.write()).token(0, 0)).isEqualTo(alone);
    }
  }

  private void attach(int slot, int[] prompt, int block) {
    writer.attach(slot, Request.builder(slot, prompt).sampling(GREEDY).build(), slot);
    writer.blocks(slot, block);
  }

  private static CudaExecutorBuilder small(CudaModel model) {
    return CudaExecutor.builder(model)
        .maxModelLen(16)
        .blockSize(16)
        .numBlocks(4)
        .maxNumRows(2)
        .maxNumBatchedTokens(16)
        .maxNumDraftTokens(0);
  }

  @Test
  void aStepAllocatesNothing() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    CudaExecutorBuilder builder =
        CudaToy.builder()
            .maxModelLen(128)
            .numBlocks(10)
            .maxNumRows(2)
            .maxNumBatchedTokens(16)
            .maxNumDraftTokens(0)
            .threadFactory(
                task -> {
                  threads.add(new Thread(task, "test-completion"));
                  return threads.get(0);
                });
    SamplingParameters sampling =
        SamplingParameters.builder().maxNewTokens(120).temperature(1).topP(0.9f).numLogprobs(3)
            .repetitionPenalty(1.2f).build();
    try (CudaExecutor executor = CudaToy.build(builder)) {
      Request request = Request.builder(1, 1, 2).sampling(sampling).build();
      writer.attach(0, request, 0, 7, 1, 2).blocks(0, 1, 2, 3, 4, 5, 6, 7, 8);
      run(executor, writer.sampledRow(0, 0, 1, 2).write());
      ThreadMXBean beans = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long own = Thread.currentThread().getId();
      long completion = threads.get(0).getId();
      List<Long> allocated = new ArrayList<>();
      for (int position = 2; position < 100; position++) {
        StepPlan plan = writer.rowOnDevice(0, position).write();
        long before = beans.getThreadAllocatedBytes(completion);
        long beforeOwn = beans.getThreadAllocatedBytes(own);
        executor.submit(plan);
        while (!executor.poll(result)) {
          Thread.onSpinWait();
        }
        long bytes = beans.getThreadAllocatedBytes(own) - beforeOwn;
        allocated.add(bytes + beans.getThreadAllocatedBytes(completion) - before);
      }
      // The median, because the JVM now and then books something of its own on the thread.
      Collections.sort(allocated);
      assertThat(allocated.get(allocated.size() / 2)).isZero();
    }
  }

  @Test
  void closingWhileStepsAreInFlightGivesEverythingBack() throws InterruptedException {
    StandIn.order(StandIn.Order.LAZY, 3);
    CudaExecutor executor = CudaToy.build(CudaWorkload.builder());
    writer.attach(0, Request.builder(1, 1, 2).sampling(GREEDY).build(), 0).blocks(0, 1, 2);
    executor.submit(writer.sampledRow(0, 0, 1, 2).write());
    executor.submit(writer.rowOnDevice(0, 2).write());

    Thread other = new Thread(executor::close);
    other.start();
    other.join();

    assertThat(executor.state()).isEqualTo(ExecutorState.CLOSED);
    assertThat(executor.submit(writer.rowOnDevice(0, 3).write())).isFalse();
    assertThat(executor.poll(result)).isFalse();
  }

  @Test
  void loadingTellsHowFarItIs() throws IOException {
    List<Long> loaded = new ArrayList<>();
    List<Long> totals = new ArrayList<>();
    CudaExecutorBuilder builder =
        CudaWorkload.builder()
            .progress(
                (numBytesLoaded, numBytes) -> {
                  loaded.add(numBytesLoaded);
                  totals.add(numBytes);
                });

    builder.build().close();

    assertThat(loaded).isSorted().doesNotHaveDuplicates();
    assertThat(totals).containsOnly(loaded.get(loaded.size() - 1));
  }

  @Test
  void withoutANumberBlocksTakeTheShareOfMemoryTheyMay() throws IOException {
    CudaModel model = CudaModel.open(CudaToy.directory());
    StandIn.memory(64 << 20);
    try (CudaExecutor half = CudaExecutor.builder(model).maxModelLen(64).maxNumRows(2)
            .maxNumBatchedTokens(16).memoryFraction(0.5).build()) {
      long halfBytes = half.spec().numBlocks() * KvLayout.of(model.config(), 16).blockBytes();
      assertThat(halfBytes).isBetween(16L << 20, 32L << 20);
    }
  }

  @Test
  void limitsThatCannotBeAreRefusedBeforeTheDeviceIsTouched() {
    refuses(CudaToy.builder().maxModelLen(129), "maxModelLen is 129, must be 2 to 128");
    refuses(CudaToy.builder().blockSize(12), "blockSize is 12, must be a power of two");
    refuses(CudaToy.builder().blockSize(512), "blockSize is 512, must be 4 to 256");
    refuses(CudaToy.builder().maxNumDraftTokens(65), "maxNumDraftTokens is 65, must be 0 to 64");
    refuses(CudaToy.builder().maxNumRows(0), "maxNumRows is 0");
    refuses(CudaToy.builder().device(-1), "device is -1, must be 0 to ");
    assertThatThrownBy(() -> CudaToy.builder().numBlocks(1))
        .hasMessage("numBlocks is 1, must be 2 to 1048576");
    assertThatThrownBy(() -> CudaToy.builder().memoryFraction(0))
        .hasMessage("memoryFraction is 0.0, must be above 0, up to 0.98");
    assertThatThrownBy(() -> CudaToy.builder().memoryFraction(1))
        .hasMessage("memoryFraction is 1.0, must be above 0, up to 0.98");
    assertThatThrownBy(() -> CudaToy.builder().stepTimeout(Duration.ZERO))
        .hasMessageContaining("stepTimeout is PT0S");
    assertThatThrownBy(() -> CudaToy.builder().stepTimeout(ChronoUnit.FOREVER.getDuration()))
        .hasMessageContaining("must be above 0, up to PT8760H");
    assertThat(StandIn.numCalls("cuMemAlloc")).isZero();
  }

  private static void refuses(CudaExecutorBuilder builder, String message) {
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void limitsThatTogetherAskForTooMuchAreRefusedBeforeTheModelIsLoaded(@TempDir Path folder)
      throws IOException {
    TinyCheckpoint checkpoint =
        new TinyCheckpoint(new TinyCheckpoint.Shape(64, 2, 1, 1, 128, 80, 100));
    checkpoint.config.put("max_position_embeddings", String.valueOf(1 << 24));
    CudaModel model = CudaModel.open(checkpoint.write(folder));
    refuses(CudaExecutor.builder(model).maxModelLen(1 << 20).numSlots(512), "a step may take 2");
    refuses(CudaExecutor.builder(model).numSlots(1).maxNumRows(1).maxModelLen(1 << 23),
        "maxModelLen is 8388608, with headDim 128 of the model must be at most 4194303");
    assertThat(StandIn.numCalls("cuMemAlloc")).isZero();
  }

  @Test
  void aDeviceThatIsTooOldIsRefused() {
    CudaExecutorBuilder builder = CudaWorkload.builder();
    StandIn.devices(2, 9, 0, 2);
    StandIn.oldDevices(1);

    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("stand-in has compute capability 7.5, needs 8.0 or more");
    CudaToy.build(builder.device(1)).close();
  }

  @Test
  void aDeviceThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> CudaToy.builder().device(5).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("device is 5, must be 0 to 0");
  }
}
