package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerTeamTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6})
  void everyTaskOfEveryJobRunsExactlyOnce(int numThreads) {
    int maxTasks = 7;
    AtomicIntegerArray runs = new AtomicIntegerArray(maxTasks);
    try (WorkerTeam team = new WorkerTeam(numThreads, Thread::new)) {
      WorkerTeam.Job job = (task, worker) -> runs.incrementAndGet(task);
      for (int round = 0; round < 20_000; round++) {
        int numTasks = round % (maxTasks + 1);
        team.run(job, numTasks);
        for (int task = 0; task < maxTasks; task++) {
          assertThat(runs.getAndSet(task, 0)).isEqualTo(task < numTasks ? 1 : 0);
        }
      }
    }
  }

  @Test
  void aWorkerNumberIsUsedByOneThreadAtATime() {
    AtomicIntegerArray busy = new AtomicIntegerArray(4);
    try (WorkerTeam team = new WorkerTeam(4, Thread::new)) {
      for (int round = 0; round < 1000; round++) {
        team.run(
            (task, worker) -> {
              if (busy.incrementAndGet(worker) != 1) {
                throw new IllegalStateException("worker " + worker + " is used twice");
              }
              busy.decrementAndGet(worker);
            },
            16);
      }
    }
  }

  @Test
  @Timeout(60)
  void parkedWorkersWakeUp() {
    List<Thread> made = new ArrayList<>();
    try (WorkerTeam team = new WorkerTeam(3, recordingIn(made))) {
      AtomicIntegerArray runs = new AtomicIntegerArray(64);
      for (int round = 1; round <= 3; round++) {
        while (!made.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING)) {
          Thread.onSpinWait();
        }
        team.run((task, worker) -> runs.incrementAndGet(task), 64);
        for (int task = 0; task < 64; task++) {
          assertThat(runs.get(task)).isEqualTo(round);
        }
      }
    }
  }

  @Test
  void aFailureReachesTheCallerAndTheTeamGoesOn() {
    AtomicIntegerArray runs = new AtomicIntegerArray(20);
    try (WorkerTeam team = new WorkerTeam(3, Thread::new)) {
      assertThatThrownBy(
              () ->
                  team.run(
                      (task, worker) -> {
                        runs.incrementAndGet(task);
                        if (task == 7) {
                          throw new IllegalArgumentException("task 7");
                        }
                      },
                      20))
          .hasMessage("task 7");
      team.run((task, worker) -> runs.incrementAndGet(task), 20);
    }
    for (int task = 0; task < 20; task++) {
      assertThat(runs.get(task)).isEqualTo(2);
    }
  }

  @Test
  void closeEndsTheInjectedThreads() {
    List<Thread> made = new ArrayList<>();
    WorkerTeam team = new WorkerTeam(3, recordingIn(made));
    assertThat(team.numThreads()).isEqualTo(3);
    assertThat(made).hasSize(2).allMatch(Thread::isAlive);
    team.close();
    assertThat(made).noneMatch(Thread::isAlive);
    team.close();
  }

  private static ThreadFactory recordingIn(List<Thread> made) {
    return task -> {
      Thread thread = new Thread(task);
      made.add(thread);
      return thread;
    };
  }
}
