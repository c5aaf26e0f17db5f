package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.engine.journal.Difference;
import dev.weft.engine.journal.Journal;
import dev.weft.engine.journal.JournalSetup;
import dev.weft.engine.journal.Replay;
import dev.weft.engine.journal.TokenForm;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Records simulated runs with everything in them, and repeats them from the file alone. */
final class JournalSeedsTest {
  private static final long MAX_SIZE = 16 << 20;
  private static final int NUM_SEEDS = Integer.getInteger("weft.journal.seeds", 60);
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(PolicyCase.class)
  void everyRunIsRepeatedFromItsJournalOfTokens(PolicyCase policy) {
    LongStream.range(0, NUM_SEEDS).forEach(seed -> {
      PlanHash recorded = new PlanHash();
      PlanHash replayed = new PlanHash();

      Journal journal = record(policy, seed, TokenForm.CLEAR, recorded);
      replay(journal, policy, seed, replayed);

      assertThat(replayed.value()).as("plans of seed %d", seed).isEqualTo(recorded.value());
    });
  }

  @ParameterizedTest
  @EnumSource(PolicyCase.class)
  void everyRunIsRepeatedFromItsJournalOfHashes(PolicyCase policy) {
    LongStream.range(0, NUM_SEEDS).filter(seed -> !hasTrees(seed)).forEach(seed -> {
      Journal journal = record(policy, seed, TokenForm.HASHED, new PlanHash());
      replay(journal, policy, seed, new PlanHash());
    });
  }

  @Test void journalOfHashesSaysThatItCannotRepeatATree() {
    List<Difference> differences = new ArrayList<>();
    LongStream.range(0, NUM_SEEDS).filter(JournalSeedsTest::hasTrees).forEach(seed -> {
      Journal journal = record(PolicyCase.FCFS, seed, TokenForm.HASHED, new PlanHash());
      run(journal, PolicyCase.FCFS, seed, new PlanHash()).difference().ifPresent(differences::add);
    });

    assertThat(differences).hasSizeGreaterThan(3).allSatisfy(difference -> {
      assertThat(difference.field()).isEqualTo("drafts");
      assertThat(difference.expected()).isEqualTo("a tree");
      assertThat(difference.found()).contains("record them with TokenForm.CLEAR");
    });
  }

  private static boolean hasTrees(long seed) {
    return Scenario.swarm(seed).spec.verifiesTrees();
  }

  private Journal record(PolicyCase policy, long seed, TokenForm form, PlanHash plans) {
    Scenario scenario = Scenario.swarm(seed);
    RunRecorder recorder = RunRecorder.of(scenario, policy.label, policy.demand, form, MAX_SIZE);
    new Simulation(scenario, policy.newPolicy(seed), policy.demand, StepTime.H100_8B,
        new Coverage(), summing(plans), recorder).run();
    try {
      Path file = folder.resolve("run.weftlog");
      recorder.writeTo(file);
      return Journal.read(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void replay(Journal journal, PolicyCase policy, long seed, PlanHash plans) {
    Replay replay = run(journal, policy, seed, plans);
    assertThat(replay.difference()).as("%s seed %d", policy, seed).isEmpty();
    assertThat(replay.isAtEnd()).isTrue();
    replay.scheduler().checkIntegrity();
  }

  private static Replay run(Journal journal, PolicyCase policy, long seed, PlanHash plans) {
    JournalSetup setup = journal.setup();
    try {
      Replay replay = RunRecorder.prepare(Replay.of(journal), setup, policy.newPolicy(seed))
          .listener(summing(plans)).build();
      replay.run();
      return replay;
    } catch (IOException | RuntimeException e) {
      throw new AssertionError(policy + " seed " + seed, e);
    }
  }

  private static SchedulerListener summing(PlanHash plans) {
    return new SchedulerListener() {
      @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
        if (!plan.isEmpty()) {
          plans.add(plan);
        }
      }
    };
  }
}
