package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.testng.ITestListener;
import org.testng.ITestResult;
import org.testng.TestNG;

/**
 * Runs the Technology Compatibility Kit of Reactive Streams, which is written for TestNG, and shows
 * each of its checks as a test of its own. The kit skips seven rules that it has no check for, and
 * one that needs a stream of 2,147,483,647 tokens.
 */
final class ReactiveStreamsTckTest {
  /** All that the kit of 1.0.4 has for a publisher. */
  private static final int NUM_CHECKS = 38;
  private static final int NUM_SKIPPED = 8;

  @TestFactory Stream<DynamicTest> publisherOfAGenerationFollowsTheRules() {
    Results results = new Results();
    TestNG kit = new TestNG(false);
    kit.setTestClasses(new Class<?>[] {PublisherVerification.class});
    kit.setUseDefaultListeners(false);
    kit.addListener(results);
    kit.setVerbose(0);
    kit.run();
    return Stream.concat(
        Stream.of(dynamicTest("the whole kit was run", results::checkAllRan)),
        results.all.stream().filter(result -> result.getStatus() != ITestResult.SKIP)
            .map(result -> dynamicTest(result.getName(), () -> show(result))));
  }

  private static void show(ITestResult result) throws Throwable {
    Throwable thrown = result.getThrowable();
    if (thrown != null) {
      throw thrown;
    }
    assertThat(result.isSuccess()).isTrue();
  }

  /** What became of each check. */
  private static final class Results implements ITestListener {
    private final List<ITestResult> all = new ArrayList<>();

    @Override public void onTestSuccess(ITestResult result) {
      all.add(result);
    }

    @Override public void onTestFailure(ITestResult result) {
      all.add(result);
    }

    @Override public void onTestSkipped(ITestResult result) {
      all.add(result);
    }

    private void checkAllRan() {
      assertThat(all).hasSize(NUM_CHECKS);
      assertThat(all).filteredOn(result -> result.getStatus() == ITestResult.SKIP)
          .hasSize(NUM_SKIPPED);
    }
  }
}
