package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.GenerationResult;
import dev.weft.engine.Submission;
import dev.weft.engine.WeftEngine;
import dev.weft.engine.WeftEngineBuilder;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Deadlines and overload: a queue that only grows helps nobody. Say how many may wait, in all and
 * of one tenant; who comes beyond that is told at once, and when to come again. Who waited too long
 * is ended by its deadline, and its blocks serve somebody who still listens.
 */
public final class Example08DeadlinesAndOverload {
  private Example08DeadlinesAndOverload() {}

  /** Prints what six greedy users are told, and how their requests end. */
  public static void main(String... arguments) throws Exception {
    HostModel model = HostModel.load(ModelFolder.nearest().target());
    HostExecutor executor = HostExecutor.builder(model).build();
    var limits = WeftEngineBuilder.limitsFor(executor.spec())
        .maxNumSeqs(1) // One at a time, so that the others have to wait.
        .maxNumWaiting(3)
        .build();
    List<Generation> accepted = new ArrayList<>();
    try (WeftEngine engine = WeftEngine.builder(executor).limits(limits)
        .maxNumWaitingPerTenant(2).build()) {
      for (String tenant : List.of("ann", "ann", "ann", "bob", "cleo")) {
        Submission submission = engine.submit(request(engine, tenant));
        switch (submission.status()) {
          case ACCEPTED -> accepted.add(submission.generation());
          case FULL -> System.out.println(tenant + ": FULL, try again in "
              + submission.retryAfter().toMillis() + " ms: " + submission.message());
          case CLOSED, INVALID -> throw new IllegalStateException(submission.message());
        }
      }
      int[] tooLong = new int[model.maxPositions()];
      Submission never = engine.submit(Request.builder(engine.nextRequestId(), tooLong).build());
      System.out.println("dan: " + never.status() + ", " + never.message());

      engine.start();
      for (Generation generation : accepted) {
        GenerationResult result = generation.await();
        System.out.println(generation.request().tenant() + ": " + result);
      }
      System.out.println("ready for more: " + engine.health().isReady());
    }
  }

  /** Bob's has little time: it will have passed before Ann's long ones have ended. */
  private static Request request(WeftEngine engine, String tenant) {
    Duration time = tenant.equals("bob") ? Duration.ofMillis(100) : Duration.ofMinutes(5);
    return Request.builder(engine.nextRequestId(), 1, 72, 755)
        .tenant(tenant)
        .sampling(SamplingParameters.greedy(900))
        .deadlineNanos(engine.nowNanos() + time.toNanos())
        .build();
  }
}
