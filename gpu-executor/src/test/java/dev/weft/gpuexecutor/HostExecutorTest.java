package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.Verification;
import dev.weft.testkit.PlanWriter;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostExecutorTest {
  private static final SamplingParameters GREEDY = SamplingParameters.greedy(50);
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  private static final Logger LOGGER = Logger.getLogger(HostExecutor.class.getName());

  private final PlanWriter writer = new PlanWriter();
  private final StepResult result = new StepResult(32, 8, 20);

  /** The failures of these tests are on purpose and would only frighten readers of the log. */
  @BeforeAll
  static void silence() {
    LOGGER.setLevel(Level.OFF);
  }

  @AfterAll
  static void speak() {
    LOGGER.setLevel(null);
  }

  private static HostExecutorBuilder draft() {
    return HostExecutor.builder(ReferenceData.model("draft")).maxModelLen(256).numThreads(1);
  }

  private static Request request(long id, SamplingParameters parameters, int... prompt) {
    return Request.builder(id, prompt).sampling(parameters).build();
  }

  private StepResult run(HostExecutor executor, StepPlan plan) throws Exception {
    assertThat(executor.submit(plan)).isTrue();
    return finish(executor);
  }

  private StepResult finish(HostExecutor executor) throws Exception {
    assertThat(executor.await(TIMEOUT_NANOS)).isTrue();
    assertThat(executor.poll(result)).isTrue();
    return result;
  }

  /** The plan, whose token ids can be read on this thread alone. */
  private static StepPlan failingOnOtherThreads(StepPlan plan, Supplier<Throwable> failure) {
    Thread owner = Thread.currentThread();
    return (StepPlan)
        Proxy.newProxyInstance(
            StepPlan.class.getClassLoader(),
            new Class<?>[] {StepPlan.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("token") && Thread.currentThread() != owner) {
                throw failure.get();
              }
              try {
                return method.invoke(plan, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void anExceptionFailsItsStepAndTheExecutorGoesOn() throws Exception {
    try (HostExecutor executor = draft().build()) {
      writer.attach(0, request(1, GREEDY, 1, 37), 0).blocks(0, 1).sampledRow(0, 0, 1, 37);
      StepPlan failing =
          failingOnOtherThreads(writer.write(), () -> new IllegalStateException("on purpose"));
      assertThat(run(executor, failing).outcome()).isEqualTo(StepResult.Outcome.FAILED);
      assertThat(result.failureMessage())
          .isEqualTo("java.lang.IllegalStateException: on purpose");
      assertThat(executor.lastGoodStepId()).isZero();
      assertThat(executor.state()).isEqualTo(ExecutorState.READY);
      assertThat(run(executor, writer.sampledRow(0, 0, 1, 37).write()).numTokens(0)).isOne();
      assertThat(executor.lastGoodStepId()).isEqualTo(2);
    }
  }

  @Test
  void anErrorKillsTheExecutorAndFinishedResultsRemain() throws Exception {
    try (HostExecutor executor = draft().maxInFlight(3).build()) {
      writer.attach(0, request(1, GREEDY, 1, 37), 0).blocks(0, 1).sampledRow(0, 0, 1, 37);
      assertThat(executor.submit(writer.write())).isTrue();
      StepPlan deadly =
          failingOnOtherThreads(
              writer.sampledRow(0, 2, 5).write(), () -> new OutOfMemoryError("on purpose"));
      assertThat(executor.submit(deadly)).isTrue();
      while (executor.state() == ExecutorState.READY) {
        Thread.onSpinWait();
      }
      assertThat(executor.state()).isEqualTo(ExecutorState.DEAD);
      assertThat(executor.failureMessage())
          .isEqualTo("died in step 2: java.lang.OutOfMemoryError: on purpose");
      assertThat(executor.lastGoodStepId()).isEqualTo(1);
      assertThat(executor.submit(writer.sampledRow(0, 3, 5).write())).isFalse();
      assertThat(finish(executor).stepId()).isEqualTo(1);
      assertThat(executor.await(TIMEOUT_NANOS)).isFalse();
      assertThat(executor.poll(result)).isFalse();
    }
  }

  @Test
  void aRowWithoutNumbersFailsAlone(@TempDir Path directory) throws Exception {
    TinyCheckpoint checkpoint = new TinyCheckpoint();
    checkpoint.weights("model.embed_tokens.weight")[9 * 8] = Float.NaN;
    HostModel model = HostModel.load(checkpoint.write(directory));
    try (HostExecutor executor = HostExecutor.builder(model).numThreads(2).build()) {
      writer.attach(0, request(1, GREEDY, 1, 2), 0).blocks(0, 1).sampledRow(0, 0, 1, 2);
      writer.attach(1, request(2, GREEDY, 1, 9), 0).blocks(1, 2).sampledRow(1, 0, 1, 9);
      StepResult both = run(executor, writer.write());
      assertThat(both.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
      assertThat(both.isFailedRow(0)).isFalse();
      assertThat(both.numTokens(0)).isOne();
      assertThat(both.isFailedRow(1)).isTrue();
      assertThat(both.numTokens(1)).isZero();
      assertThat(executor.lastGoodStepId()).isEqualTo(1);
    }
  }

  @Test
  void aRowForWhichNothingIsPermittedFailsAlone() throws Exception {
    try (HostExecutor executor = draft().build()) {
      writer.attach(0, request(1, GREEDY, 1, 37), 0).blocks(0, 1).sampledRow(0, 0, 1, 37);
      writer.mask(1024);
      assertThat(run(executor, writer.write()).isFailedRow(0)).isTrue();
    }
  }

  @Test
  void aCopiedBlockIsReadInTheStepThatCopiesIt() throws Exception {
    SamplingParameters parameters =
        SamplingParameters.builder().maxNewTokens(9).numLogprobs(0).build();
    int[] prompt = new Random(6).ints(31, 3, 1000).toArray();
    try (HostExecutor executor = draft().build()) {
      writer.attach(0, request(1, parameters, prompt), 0).blocks(0, 1, 2);
      run(executor, writer.row(0, 0, Arrays.copyOf(prompt, 30)).write());
      writer.attach(1, request(2, parameters, prompt), 0).blocks(1, 1, 3).copyBlock(2, 3);
      writer.sampledRow(0, 30, prompt[30]).sampledRow(1, 30, prompt[30]);
      StepResult both = run(executor, writer.write());
      assertThat(both.logprob(1, 0)).isEqualTo(both.logprob(0, 0));
    }
  }

  @Test
  void closingWhileComputingWaitsAndEndsAllThreads() throws Exception {
    List<Thread> threads = new ArrayList<>();
    HostExecutor executor =
        draft()
            .numThreads(3)
            .threadFactory(
                task -> {
                  Thread thread = new Thread(task);
                  threads.add(thread);
                  return thread;
                })
            .build();
    writer.attach(0, request(1, GREEDY, new int[200]), 0);
    writer.blocks(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13).sampledRow(0, 0, new int[200]);
    assertThat(executor.submit(writer.write())).isTrue();
    executor.close();
    assertThat(threads).hasSize(3).noneMatch(Thread::isAlive);
    assertThat(executor.poll(result)).isFalse();
    assertThat(executor.await(TIMEOUT_NANOS)).isFalse();
  }

  @Test
  void waitingEndsWithTheTimeOrAnInterrupt() throws Exception {
    try (HostExecutor executor = draft().build()) {
      assertThat(executor.await(1_000_000)).isFalse();
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> executor.await(TIMEOUT_NANOS))
          .isInstanceOf(InterruptedException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(Verification.class)
  void warmStepsAllocateNothing(Verification verification) throws Exception {
    List<Thread> threads = new ArrayList<>();
    HostExecutorBuilder builder =
        draft()
            .threadFactory(
                task -> {
                  Thread thread = new Thread(task);
                  threads.add(thread);
                  return thread;
                });
    SamplingParameters all =
        SamplingParameters.builder()
            .maxNewTokens(99)
            .temperature(1)
            .topK(40)
            .topP(0.9f)
            .minP(0.01f)
            .repetitionPenalty(1.2f)
            .numLogprobs(5)
            .verification(verification)
            .build();
    try (HostExecutor executor = builder.build()) {
      writer.attach(0, request(1, all, 1, 37), 7).blocks(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
      run(executor, writer.sampledRow(0, 0, 1, 37).write());
      ThreadMXBean beans = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long id = threads.get(0).getId();
      List<Long> allocated = new ArrayList<>();
      for (int position = 2; position < 180; position++) {
        writer.rowOnDevice(0, position).draftTree(new int[] {5, 6, 7}, new int[] {-1, 0, -1});
        StepPlan plan = writer.choices(0, new int[] {5, 7}, new float[] {0.4f, 0.6f}).write();
        long before = beans.getThreadAllocatedBytes(id);
        StepResult step = run(executor, plan);
        allocated.add(beans.getThreadAllocatedBytes(id) - before);
        position += step.numTokens(0) - 1;
      }
      // The median, because the JVM now and then books something of its own on the thread.
      Collections.sort(allocated);
      assertThat(allocated.get(allocated.size() / 2)).isZero();
    }
  }

  @Test
  void plansThatContradictTheSlotsAreRefused() {
    try (HostExecutor executor = draft().maxNumDraftTokens(2).build()) {
      writer.attach(0, request(1, GREEDY, 1, 37), 0).blocks(0, 1).sampledRow(0, 0, 1, 37);
      refuses(executor, w -> w.stepId(2).detach(1), "comes after step 0");
      refuses(executor, w -> w.detach(1), "detaches a slot that is not attached: 1");
      refuses(executor, w -> w.attach(0, request(2, GREEDY, 1), 0), "a slot that is attached: 0");
      refuses(executor, w -> w.block(0, 2, 4), "leaves a gap or exceeds a block table: 2");
      refuses(executor, w -> w.block(3, 0, 4), "writes the table of a free slot: 3");
      refuses(executor, w -> w.detach(-1), "names a slot that does not exist: -1");
      refuses(executor, w -> w.copyBlock(0, 1), "is the null block: 0");
      refuses(executor, w -> w.placeholders(3), "has a row with drafts: 3");
      refuses(executor, w -> w.rowOnDevice(5, 0), "has a row of a free slot: 5");
      assertThat(executor.submit(writer.write())).isTrue();
    }
  }

  @Test
  void whatTheSpecRulesOutIsRefused() {
    Request adapted = Request.builder(2, 1).adapterId(3).sampling(GREEDY).build();
    try (HostExecutor executor = draft().maxNumDraftTokens(0).build()) {
      refuses(executor, w -> w.attach(1, adapted, 0), "asks for an adapter");
      refuses(executor, w -> w.draftTree(new int[] {5}, new int[] {-1}), "with drafts: 1");
      writer.attach(0, request(1, GREEDY, 1, 37), 0).blocks(0, 1).sampledRow(0, 0, 1, 37);
      assertThat(executor.submit(writer.write())).isTrue();
    }
  }

  private void refuses(
      HostExecutor executor, UnaryOperator<PlanWriter> change, String problem) {
    PlanWriter bad = new PlanWriter();
    bad.attach(0, request(1, GREEDY, 1, 37), 0).blocks(0, 1).sampledRow(0, 0, 1, 37);
    StepPlan plan = change.apply(bad).write();
    assertThatThrownBy(() -> executor.submit(plan))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void limitsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> draft().maxModelLen(1025).build())
        .hasMessage("maxModelLen is 1025, must be 2 to 1024");
    assertThatThrownBy(() -> draft().blockSize(6).build())
        .hasMessage("blockSize is 6, must be a multiple of 4");
    assertThatThrownBy(() -> draft().maxNumRows(0).build())
        .hasMessage("maxNumRows is 0, must be 1 to 65536");
    assertThatThrownBy(() -> draft().numThreads(0).build()).hasMessageContaining("numThreads is 0");
    assertThatThrownBy(() -> draft().numBlocks(1).build()).hasMessageContaining("numBlocks is 1");
  }
}
