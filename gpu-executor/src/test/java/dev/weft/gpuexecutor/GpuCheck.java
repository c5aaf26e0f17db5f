package dev.weft.gpuexecutor;

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/**
 * Runs the tests of the emulated device on the GPU of this machine: kernels, sampling to the bit,
 * the contract of executors, random schedules, agreement with the host. To be run in a folder that
 * holds {@code model/}; benchmarks/gpu/run does.
 *
 * <pre>java -cp … dev.weft.gpuexecutor.GpuCheck [pattern of class names]</pre>
 *
 * <p>Exits 0 when all that ran is right, 1 when something failed or nothing ran, 2 when there is no
 * GPU.
 */
public final class GpuCheck {
  private static final String TESTS_OF_THE_DEVICE =
      ".*(Kernel|Device|Cuda|CublasExecutor|RopeKv|PackWeights|HostAgreement)\\w*(Test|Properties)";

  private GpuCheck() {}

  /** Prints each class, what failed, what was skipped and why, and a last line. */
  public static void main(String... arguments) {
    System.setProperty("weft.test.gpu", "true");
    Optional<String> reason = CudaExecutor.unavailableReason();
    if (reason.isPresent()) {
      System.out.println("no GPU: " + reason.get());
      System.exit(2);
    }
    String pattern = arguments.length == 0 ? TESTS_OF_THE_DEVICE : arguments[0];
    LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
        .selectors(selectPackage("dev.weft.gpuexecutor"))
        .filters(includeClassNamePatterns(pattern))
        .configurationParameter("jqwik.reporting.onlyfailures", "true")
        .build();
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, new Progress(), summary);
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    summary.getSummary().printFailuresTo(out, 20);
    long numRun = summary.getSummary().getTestsSucceededCount();
    long numFailed = summary.getSummary().getTotalFailureCount();
    System.out.println(numRun + " tests passed on the GPU, " + numFailed + " failed, "
        + (summary.getSummary().getTestsAbortedCount() + summary.getSummary()
            .getTestsSkippedCount()) + " skipped");
    System.exit(numFailed == 0 && numRun > 0 ? 0 : 1);
  }

  /** A line for each class, and one for each test that was skipped. */
  private static final class Progress implements TestExecutionListener {
    private final List<String> skipped = new ArrayList<>();
    private long startNanos;

    @Override
    public void executionStarted(TestIdentifier test) {
      if (test.isContainer() && test.getLegacyReportingName().contains(".")) {
        startNanos = System.nanoTime();
      }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      skipped.add(test.getDisplayName() + ": " + reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
        skipped.add(test.getDisplayName() + ": "
            + result.getThrowable().map(Throwable::getMessage).orElse(""));
      } else if (result.getStatus() == TestExecutionResult.Status.FAILED && test.isTest()) {
        System.out.println("  FAILED " + test.getDisplayName());
      }
      if (test.isContainer() && test.getLegacyReportingName().contains(".")) {
        System.out.printf("%-60s %6.1f s%n", test.getLegacyReportingName(),
            (System.nanoTime() - startNanos) * 1e-9);
      }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
      skipped.forEach(line -> System.out.println("skipped " + line));
    }
  }
}
