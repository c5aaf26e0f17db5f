package dev.weft.examples.tour;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.engine.Generation;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.VictimSelector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * My own victim: when the KV blocks run out, somebody loses its own, waits, and computes its tokens
 * again; it still gets the same answer. Who that is, is one lambda. Here guests lose, the newest
 * first, and members never do.
 */
public final class Example03OwnVictim {
  private Example03OwnVictim() {}

  private static final VictimSelector NEWEST_GUEST = (step, needy) -> {
    SequenceView victim = null;
    for (int i = 0; i < step.running().size(); i++) { // The oldest admission comes first.
      SequenceView sequence = step.running().get(i);
      if (sequence.status() == SequenceStatus.RUNNING && sequence.tenant().equals("guest")) {
        victim = sequence;
      }
    }
    return victim; // Null: nobody loses, and the needy waits until blocks come back.
  };

  /** Serves both kinds of users with too few blocks, and prints who lost how often. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostExecutor executor = HostExecutor.builder(HostModel.load(folder)).numBlocks(40).build();
    SchedulingPolicy policy = ContinuousBatchingPolicy.builder().victims(NEWEST_GUEST).build();
    int[] numLost = new int[8]; // By request id; written by the engine's thread, read at the end.
    SchedulerListener losses = new SchedulerListener() {
      @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
          PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
        numLost[(int) requestId]++;
      }
    };
    List<Generation> generations = new ArrayList<>();
    try (WeftEngine engine =
        WeftEngine.builder(executor).policy(policy).listener(losses).build()) {
      for (int id = 0; id < numLost.length; id++) {
        generations.add(engine.submit(Request.builder(id, 1, 72, 755, id)
            .tenant(id % 4 == 0 ? "member" : "guest")
            .sampling(SamplingParameters.greedy(120))
            .build()).generation());
      }
      engine.start();
      for (Generation generation : generations) {
        Request request = generation.request();
        System.out.printf("%-6s %s, lost its blocks %d times%n", request.tenant(),
            generation.await(), numLost[(int) request.id()]);
      }
    }
  }
}
