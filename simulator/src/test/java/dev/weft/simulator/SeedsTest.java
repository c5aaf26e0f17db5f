package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.engine.timeline.Timeline;
import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.testkit.SeedReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Runs every policy over many seeds and asserts that enough happened in them. The system properties
 * {@code weft.seeds} (seeds for each policy), {@code weft.seed} and {@code weft.policy} choose; of
 * one seed of one policy, {@code weft.timeline} writes a page to that file, also when it fails. A
 * seed that fails leaves a journal in {@code weft.journals}; its message says how to replay it.
 */
final class SeedsTest {
  private static final String TIMELINE_PROPERTY = "weft.timeline";
  private static final int NUM_SEEDS = Integer.getInteger("weft.seeds", 600);
  private static final int NUM_SEEDS_RUN_TWICE = 30;
  private static final int MAX_NUM_FAILURES = 5;
  private static final long FLOOR = 1_000;
  private static final long FLOOR_OF_RARE = 100;
  private static final long FLOOR_OF_STEPS = 1_000_000;

  @Test void everySeedOfEveryPolicyIsRight() {
    Map<PolicyCase, Coverage> coverage = new EnumMap<>(PolicyCase.class);
    requireOneRunForTimeline();
    chosenPolicies().forEach(policy -> coverage.put(policy, run(policy)));

    print(coverage);
    Coverage total = new Coverage();
    coverage.values().forEach(total::add);
    if (isWholeRun()) {
      assertFloors(total);
    }
  }

  @Test void sameSeedPlansTheSame() {
    for (PolicyCase policy : chosenPolicies()) {
      seeds().limit(NUM_SEEDS_RUN_TWICE).parallel().forEach(seed -> {
        long first = planHash(policy, seed);
        assertThat(planHash(policy, seed)).as("I39: plans of %s", command(policy, seed))
            .isEqualTo(first);
      });
    }
  }

  private static long planHash(PolicyCase policy, long seed) {
    try {
      return simulation(policy, seed, new Coverage()).run().planHash();
    } catch (RuntimeException | AssertionError e) {
      throw failure(policy, new Failure(seed, e));
    }
  }

  /** Runs all seeds of a policy on several threads; each run is single-threaded. */
  private static Coverage run(PolicyCase policy) {
    Coverage coverage = new Coverage();
    ConcurrentLinkedQueue<Failure> failures = new ConcurrentLinkedQueue<>();
    seeds().parallel().forEach(seed -> {
      if (failures.size() < MAX_NUM_FAILURES) {
        runOne(policy, seed, coverage, failures);
      }
    });
    failures.stream().min(Comparator.comparingLong(Failure::seed)).ifPresent(failure -> {
      throw failure(policy, failure);
    });
    return coverage;
  }

  private static void runOne(PolicyCase policy, long seed, Coverage coverage,
      ConcurrentLinkedQueue<Failure> failures) {
    Coverage own = new Coverage();
    try {
      runAndShow(policy, seed, own);
    } catch (RuntimeException | AssertionError e) {
      failures.add(new Failure(seed, e));
    }
    synchronized (coverage) {
      coverage.add(own);
    }
  }

  private static void runAndShow(PolicyCase policy, long seed, Coverage coverage) {
    String page = System.getProperty(TIMELINE_PROPERTY);
    if (page == null) {
      simulation(policy, seed, coverage).run();
      return;
    }
    Timeline timeline = Timeline.builder().title(policy.label + ", seed " + seed)
        .limits(Scenario.swarm(seed).limits).build();
    try {
      simulation(policy, seed, coverage, timeline).run();
    } finally {
      write(timeline, Path.of(page));
    }
  }

  private static void write(Timeline timeline, Path page) {
    try {
      timeline.writeHtml(page);
      System.out.println("the timeline is in " + page.toAbsolutePath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Simulation simulation(PolicyCase policy, long seed, Coverage coverage) {
    return simulation(policy, seed, coverage, SchedulerListener.NONE);
  }

  private static Simulation simulation(PolicyCase policy, long seed, Coverage coverage,
      SchedulerListener observer) {
    return new Simulation(Scenario.swarm(seed), policy.newPolicy(seed), policy.demand,
        StepTime.H100_8B, coverage, observer);
  }

  private static void assertFloors(Coverage total) {
    assertThat(total.numSteps).as("steps").isGreaterThanOrEqualTo(FLOOR_OF_STEPS);
    for (Grant grant : Grant.values()) {
      assertThat(total.numGrants(grant)).as("%s", grant).isGreaterThanOrEqualTo(FLOOR);
    }
    assertThat(total.numEvictions).as("evictions").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numForks).as("forks").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numAbortsInFlight).as("aborts in flight").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numWithdrawnRows).as("withdrawn rows").isGreaterThanOrEqualTo(FLOOR);
    assertFloorsOfDrafts(total);
  }

  private static void assertFloorsOfDrafts(Coverage total) {
    assertThat(total.numAcceptedDrafts).as("accepted drafts").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numRejectedDrafts).as("rejected drafts").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numDraftTrees).as("draft trees").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numBranchesAccepted).as("later branches").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numDistributions).as("distributions").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numMaskedDrafts).as("masked drafts").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numDraftsNotPermitted).as("not permitted").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numDraftsCut).as("cut for blocks").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numDraftsTakenBack).as("taken back").isGreaterThanOrEqualTo(FLOOR_OF_RARE);
    assertThat(total.numHeld).as("sequences held").isGreaterThanOrEqualTo(FLOOR);
    assertThat(total.numDraftingFailures).as("failures").isGreaterThanOrEqualTo(FLOOR);
    for (DraftAnswer.Refusal refusal : DraftAnswer.Refusal.values()) {
      assertThat(total.numRefusals[refusal.ordinal()]).as("%s", refusal)
          .isGreaterThanOrEqualTo(FLOOR_OF_RARE);
    }
  }

  // ---- what to run

  private static List<PolicyCase> chosenPolicies() {
    String asked = System.getProperty(SeedReport.POLICY_PROPERTY);
    return Arrays.stream(PolicyCase.values())
        .filter(policy -> asked == null || policy.label.equals(asked)).toList();
  }

  private static LongStream seeds() {
    Long asked = Long.getLong(SeedReport.SEED_PROPERTY);
    return asked != null ? LongStream.of(asked) : LongStream.range(0, NUM_SEEDS);
  }

  private static void requireOneRunForTimeline() {
    assertThat(System.getProperty(TIMELINE_PROPERTY) != null
        && (seeds().limit(2).count() > 1 || chosenPolicies().size() != 1))
        .as("%s shows one run: choose it with %s and %s", TIMELINE_PROPERTY,
            SeedReport.SEED_PROPERTY, SeedReport.POLICY_PROPERTY)
        .isFalse();
  }

  private static boolean isWholeRun() {
    return System.getProperty(SeedReport.POLICY_PROPERTY) == null
        && System.getProperty(SeedReport.SEED_PROPERTY) == null && NUM_SEEDS >= 500;
  }

  private static AssertionError failure(PolicyCase policy, Failure failure) {
    String journal = FailedRun.writeJournal(
        policy.newPolicy(failure.seed), policy.label,
        Scenario.swarm(failure.seed), policy.demand);
    return new AssertionError(
        command(policy, failure.seed) + journal + "  " + failure.cause, failure.cause);
  }

  private static String command(PolicyCase policy, long seed) {
    return "policy=" + policy.label + " seed=" + seed
        + "  reproduce: mvn -pl simulator -am test -Dtest=SeedsTest"
        + " -Dsurefire.failIfNoSpecifiedTests=false -D" + SeedReport.SEED_PROPERTY + "=" + seed
        + " -D" + SeedReport.POLICY_PROPERTY + "=" + policy.label;
  }

  // ---- the table

  private static void print(Map<PolicyCase, Coverage> coverage) {
    StringBuilder table = new StringBuilder(String.format(Locale.ROOT,
        "%-15s %6s %9s %9s %9s %9s %9s %7s %7s%n", "policy", "runs", "steps", "preempted",
        "withdrawn", "evicted", "forks", "aborts", "deaths"));
    Coverage total = new Coverage();
    coverage.forEach((policy, counts) -> {
      table.append(row(policy.label, counts));
      total.add(counts);
    });
    table.append(row("total", total));
    for (Grant grant : Grant.values()) {
      table.append(String.format(Locale.ROOT, "%s %d  ", grant, total.numGrants(grant)));
    }
    System.out.println(table);
    System.out.println(drafts(total));
  }

  private static String drafts(Coverage total) {
    StringBuilder line = new StringBuilder(String.format(Locale.ROOT,
        "drafts: accepted %d, rejected %d, trees %d, later branches %d, distributions %d, masked "
        + "%d, not permitted %d, rows cut %d, taken back %d, held %d, failures %d",
        total.numAcceptedDrafts, total.numRejectedDrafts, total.numDraftTrees,
        total.numBranchesAccepted, total.numDistributions, total.numMaskedDrafts,
        total.numDraftsNotPermitted, total.numDraftsCut, total.numDraftsTakenBack, total.numHeld,
        total.numDraftingFailures));
    for (DraftAnswer.Refusal refusal : DraftAnswer.Refusal.values()) {
      line.append(", ").append(refusal).append(' ').append(total.numRefusals[refusal.ordinal()]);
    }
    return line.toString();
  }

  private static String row(String label, Coverage counts) {
    return String.format(Locale.ROOT, "%-15s %6d %9d %9d %9d %9d %9d %7d %7d%n", label,
        counts.numRuns, counts.numSteps, counts.numPreemptions, counts.numWithdrawnRows,
        counts.numEvictions, counts.numForks, counts.numAbortsInFlight, counts.numDeaths);
  }

  /** A seed that failed. */
  private record Failure(long seed, Throwable cause) {}
}
