package dev.weft.simulator;

import dev.weft.batching.InputListener;
import dev.weft.engine.journal.FlightRecorder;
import dev.weft.engine.journal.JournalSetup;
import dev.weft.engine.journal.Replay;
import dev.weft.engine.journal.TokenForm;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.testkit.LivenessChecker.Demand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Records a simulated run, and says in labels what a replay needs beside the journal: settings of
 * the cache, the demand on the policy, and the policy's name.
 */
final class RunRecorder {
  /** Records nothing. */
  static final RunRecorder NONE = new RunRecorder(null);

  static final String SEED = "simulator.seed";
  private static final String DEMAND = "simulator.demand";
  private static final String KEEPS_COPIES = "simulator.keepsCopies";
  private static final String NUM_DROPPED_HIT_BLOCKS = "simulator.numDroppedHitBlocks";
  private static final long MAX_SIZE = 32 << 20;
  private final @Nullable FlightRecorder recorder;

  private RunRecorder(@Nullable FlightRecorder recorder) {
    this.recorder = recorder;
  }

  /** A recorder of one run of the scenario. */
  static RunRecorder of(Scenario scenario, String policy, Demand demand) {
    return of(scenario, policy, demand, TokenForm.CLEAR, MAX_SIZE);
  }

  static RunRecorder of(
      Scenario scenario, String policy, Demand demand, TokenForm form, long maxSize) {
    JournalSetup setup = new JournalSetup(
        scenario.limits, scenario.spec, scenario.seed, Map.of())
        .with(JournalSetup.POLICY, policy)
        .with(JournalSetup.CACHES_PREFIXES, Boolean.toString(scenario.cachesPrefixes))
        .with(SEED, Long.toString(scenario.seed))
        .with(DEMAND, demand.name())
        .with(KEEPS_COPIES, Boolean.toString(scenario.keepsCopies))
        .with(NUM_DROPPED_HIT_BLOCKS, Integer.toString(scenario.numDroppedHitBlocks));
    return new RunRecorder(
        FlightRecorder.builder().tokens(form).maxSize(maxSize).build().begin(setup));
  }

  // ---- recording

  InputListener inputs() {
    return recorder == null ? InputListener.NONE : recorder.inputs();
  }

  SchedulerListener decisions() {
    return recorder == null ? SchedulerListener.NONE : recorder.decisions();
  }

  Transfers.PinListener pins() {
    FlightRecorder to = recorder;
    return to == null ? Transfers.PinListener.NONE : new Transfers.PinListener() {
      @Override public void onPin(int block) {
        to.onPin(block);
      }

      @Override public void onUnpin(int block) {
        to.onUnpin(block);
      }
    };
  }

  void writeTo(Path file) throws IOException {
    if (recorder != null) {
      recorder.writeTo(file);
    }
  }

  // ---- replaying

  /** Whether a simulation wrote the journal. */
  static boolean isSimulated(JournalSetup setup) {
    return setup.labels().containsKey(DEMAND);
  }

  /**
   * Gives a replay of a simulated run what the run had.
   *
   * @param policy a fresh one like the recorded one
   */
  static Replay.Builder prepare(
      Replay.Builder replay, JournalSetup recorded, SchedulingPolicy policy) {
    Demand demand = Demand.valueOf(recorded.label(DEMAND, Demand.NOTHING.name()));
    return replay.policy(Simulation.livenessChecker(policy, demand)).kvCache(RunRecorder::kvCache);
  }

  private static PagedKvCache kvCache(JournalSetup setup) {
    return Scenario.newKvCache(setup.limits(), setup.spec(), setup.seed(),
        Boolean.parseBoolean(setup.label(JournalSetup.CACHES_PREFIXES, "true")),
        Boolean.parseBoolean(setup.label(KEEPS_COPIES, "false")),
        Integer.parseInt(setup.label(NUM_DROPPED_HIT_BLOCKS, "0")));
  }
}
