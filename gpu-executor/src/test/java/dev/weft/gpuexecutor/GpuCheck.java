package dev.weft.gpuexecutor;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs the tests of the emulated device on the GPU of this machine: kernels, sampling to the bit,
 * the contract of executors, random schedules, agreement with the host. To be run in a folder that
 * holds {@code model/}; benchmarks/gpu/run does.
 *
 * <pre>java -cp … dev.weft.gpuexecutor.GpuCheck [pattern of class names]</pre>
 *
 * <p>The rule: {@link #TESTS} are the classes that a GPU can pass with nothing beside it but
 * classes and models, neither sources nor a compiler nor the jar of JCuda's natives. A single test
 * among them that only the emulated device can pass skips itself, because {@link StandIn} does not
 * do there what it asks for.
 *
 * <p>Exits 0 when all that ran is right, 1 when something failed or nothing ran, 2 when there is no
 * GPU.
 */
public final class GpuCheck {
  /** Small things first: what fails first says most, and an error of a kernel stays. */
  static final List<Class<?>> TESTS = List.of(
      PackWeightsTest.class,
      RowMajorWeightsTest.class,
      BlockKernelsTest.class,
      LayerKernelsTest.class,
      RopeKvTest.class,
      GemmKernelsTest.class,
      AttentionKernelsTest.class,
      DeviceStepsTest.class,
      DeviceStepsProperties.class,
      DeviceSamplerProperties.class,
      CudaExecutorTest.class,
      CudaExecutorContractTest.class,
      CudaExecutorProperties.class,
      CudaLibraryTest.class,
      CublasExecutorTest.class,
      HostAgreementTest.class);

  private static final int MAX_STACK_FRAMES = 20;
  private static final Logger JQWIK = Logger.getLogger("net.jqwik");

  private GpuCheck() {}

  /** Prints each class, what failed, what was skipped and why, and a last line. */
  public static void main(String... arguments) {
    System.setProperty("weft.test.gpu", "true");
    Optional<String> reason = CudaExecutor.unavailableReason();
    if (reason.isPresent()) {
      System.out.println("no GPU: " + reason.get());
      System.exit(2);
    }
    JQWIK.setLevel(Level.WARNING); // it tells each time that it has no database
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    long numPassed = 0;
    long numFailed = 0;
    long numSkipped = 0;
    for (Class<?> test : selected(arguments.length == 0 ? "" : arguments[0])) {
      TestExecutionSummary summary = run(test);
      if (summary.getTestsFoundCount() == 0) {
        out.println("FAILED " + test.getSimpleName() + ": no engine knows its tests");
        numFailed++;
      }
      summary.printFailuresTo(out, MAX_STACK_FRAMES);
      numPassed += summary.getTestsSucceededCount();
      numFailed += summary.getTotalFailureCount();
      numSkipped += summary.getTestsAbortedCount() + summary.getTestsSkippedCount();
    }
    System.out.println(numPassed + " tests passed on the GPU, " + numFailed + " failed, "
        + numSkipped + " skipped");
    System.exit(numFailed == 0 && numPassed > 0 ? 0 : 1);
  }

  private static List<Class<?>> selected(String pattern) {
    Pattern names = Pattern.compile(pattern);
    return TESTS.stream().filter(test -> names.matcher(test.getSimpleName()).find()).toList();
  }

  /** One class at a time, because engines would run one after another, not in our order. */
  private static TestExecutionSummary run(Class<?> test) {
    LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
        .selectors(selectClass(test))
        .configurationParameter("jqwik.reporting.onlyfailures", "true")
        .configurationParameter("jqwik.database", "") // the folder may belong to somebody else
        .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, new Progress(), listener);
    return listener.getSummary();
  }

  /** A line for each class, and one for each test that failed or was skipped. */
  private static final class Progress implements TestExecutionListener {
    private final List<String> skipped = new ArrayList<>();
    private final Deque<Long> startNanos = new ArrayDeque<>();

    @Override
    public void executionStarted(TestIdentifier test) {
      if (isClass(test)) {
        startNanos.push(System.nanoTime());
      }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      skipped.add(name(test) + ": " + reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
        skipped.add(
            name(test) + ": " + result.getThrowable().map(Throwable::getMessage).orElse(""));
      } else if (result.getStatus() == TestExecutionResult.Status.FAILED) {
        System.out.println("FAILED " + name(test));
      }
      if (isClass(test)) {
        System.out.printf(Locale.ROOT, "%-60s %6.1f s%n", name(test),
            (System.nanoTime() - startNanos.pop()) * 1e-9);
      }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
      skipped.forEach(line -> System.out.println("skipped " + line));
    }

    private static boolean isClass(TestIdentifier test) {
      return test.getSource().filter(ClassSource.class::isInstance).isPresent();
    }

    /** The class; of a test the method, too, and which case of several it is. */
    private static String name(TestIdentifier test) {
      TestSource source = test.getSource().orElse(null);
      if (source instanceof ClassSource type) {
        return simple(type.getClassName());
      }
      if (source instanceof MethodSource method) {
        String name = simple(method.getClassName()) + "." + method.getMethodName();
        String shown = test.getDisplayName();
        return shown.startsWith(method.getMethodName()) ? name : name + " " + shown;
      }
      return test.getDisplayName();
    }

    private static String simple(String className) {
      return className.substring(className.lastIndexOf('.') + 1);
    }
  }
}
