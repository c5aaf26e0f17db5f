package dev.weft.gpuexecutor;

/** A job that treats every token of the batch alike; neighbouring tokens make one task. */
abstract class TokenLoop implements WorkerTeam.Job {
  private static final int MAX_TOKENS_PER_TASK = 8;

  private final WorkerTeam team;
  private int numTokens;
  private int tokensPerTask = 1;

  TokenLoop(WorkerTeam team) {
    this.team = team;
  }

  /** Computes one token. */
  abstract void compute(int token, int worker);

  /** Computes tokens 0 to {@code numTokens}, exclusive, and returns when all are done. */
  final void runOver(int numTokens) {
    this.numTokens = numTokens;
    int share = numTokens / team.numThreads();
    tokensPerTask = Math.max(1, Math.min(MAX_TOKENS_PER_TASK, share));
    team.run(this, (numTokens + tokensPerTask - 1) / tokensPerTask);
  }

  @Override
  public final void run(int task, int worker) {
    int end = Math.min(numTokens, (task + 1) * tokensPerTask);
    for (int token = task * tokensPerTask; token < end; token++) {
      compute(token, worker);
    }
  }
}
