package dev.weft.gpuexecutor;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads that share the tasks of one job at a time; the calling thread is worker 0
 * and works too. Allocates nothing after construction.
 *
 * <p>One word holds the number of the current job and how many of its tasks are unclaimed. A worker
 * claims a task by counting that word down, which fails when another job has begun meanwhile: so a
 * worker that comes late to one job can never take a task of the next. What the job is may be read
 * after a claim, because a job cannot end before its claimed tasks have.
 *
 * <p>An idle worker spins for a short while, since the jobs of a forward pass follow each other
 * within microseconds, and then parks.
 */
final class WorkerTeam implements AutoCloseable {
  /** A piece of work that splits into tasks. */
  interface Job {
    /**
     * Does one task. Called by several threads at once, each with a worker number of its own.
     *
     * @param task 0 to the number of tasks, exclusive
     * @param worker 0 to {@link WorkerTeam#numThreads}, exclusive
     */
    void run(int task, int worker);
  }

  private static final int NUM_SPINS = 2000;

  private final Worker[] workers;
  private final AtomicLong unclaimed = new AtomicLong();
  private final AtomicInteger numUnfinished = new AtomicInteger();
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;
  // Written before the job is published through "unclaimed", read after a claim.
  private @Nullable Job job;
  private int numTasks;

  /**
   * @param numThreads 1 or more, the calling thread included
   * @param threadFactory makes the other {@code numThreads - 1} threads
   */
  WorkerTeam(int numThreads, ThreadFactory threadFactory) {
    workers = new Worker[numThreads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
      workers[i].thread = threadFactory.newThread(workers[i]);
    }
    for (Worker worker : workers) {
      worker.thread().start();
    }
  }

  /** The size of the team, the calling thread included. */
  int numThreads() {
    return workers.length + 1;
  }

  /**
   * Runs all tasks of a job and returns when they are done. To be called by one thread at a time.
   *
   * @throws RuntimeException or Error of the first task that failed; the others have run
   */
  void run(Job job, int numTasks) {
    if (workers.length == 0 || numTasks <= 1) {
      for (int task = 0; task < numTasks; task++) {
        job.run(task, 0);
      }
      return;
    }
    publish(job, numTasks);
    work(jobNumber(unclaimed.get()), 0);
    awaitOthers();
    throwFailure();
  }

  /** Ends the threads and waits for them. */
  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker.thread());
    }
    boolean interrupted = false;
    for (Worker worker : workers) {
      while (worker.thread().isAlive()) {
        try {
          worker.thread().join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void publish(Job newJob, int newNumTasks) {
    job = newJob;
    numTasks = newNumTasks;
    numUnfinished.set(newNumTasks);
    int nextNumber = jobNumber(unclaimed.get()) + 1;
    unclaimed.set((long) nextNumber << 32 | newNumTasks);
    for (Worker worker : workers) {
      if (worker.isParked) {
        worker.isParked = false;
        LockSupport.unpark(worker.thread());
      }
    }
  }

  private static int jobNumber(long word) {
    return (int) (word >>> 32);
  }

  /** Claims and runs tasks of this job until none is left. */
  private void work(int jobNumber, int worker) {
    while (true) {
      long word = unclaimed.get();
      int numLeft = (int) word;
      if (jobNumber(word) != jobNumber || numLeft == 0) {
        return;
      }
      if (unclaimed.compareAndSet(word, word - 1)) {
        runTask(numTasks - numLeft, worker);
      }
    }
  }

  private void runTask(int task, int worker) {
    Job current = job;
    try {
      if (current != null) {
        current.run(task, worker);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      numUnfinished.decrementAndGet();
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // yields only to a worker that lost its processor
  private void awaitOthers() {
    for (int spins = 0; numUnfinished.get() != 0; spins++) {
      if (spins < NUM_SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  private void throwFailure() {
    Throwable thrown = failure;
    if (thrown == null) {
      return;
    }
    failure = null;
    if (thrown instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) thrown;
  }

  /** One thread of the team beside the caller's. */
  private final class Worker implements Runnable {
    private final int number;
    private volatile boolean isParked;
    private @Nullable Thread thread;

    Worker(int number) {
      this.number = number;
    }

    Thread thread() {
      Thread made = thread;
      if (made == null) {
        throw new IllegalStateException("the thread factory made no thread for worker " + number);
      }
      return made;
    }

    @Override
    public void run() {
      int lastJob = 0;
      while (!closed) {
        awaitJobAfter(lastJob);
        lastJob = jobNumber(unclaimed.get());
        work(lastJob, number);
      }
    }

    private void awaitJobAfter(int lastJob) {
      for (int spins = 0; spins < NUM_SPINS; spins++) {
        if (hasNews(lastJob)) {
          return;
        }
        Thread.onSpinWait();
      }
      while (true) {
        // Set before looking again: the publisher writes the job first and looks at the flag then.
        isParked = true;
        if (hasNews(lastJob)) {
          isParked = false;
          return;
        }
        LockSupport.park(WorkerTeam.this);
      }
    }

    private boolean hasNews(int lastJob) {
      return closed || jobNumber(unclaimed.get()) != lastJob;
    }
  }
}
