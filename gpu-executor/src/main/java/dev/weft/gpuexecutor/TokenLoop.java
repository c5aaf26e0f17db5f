package dev.weft.gpuexecutor;

/** A job that treats every token of the batch alike; some neighbouring tokens make one task. */
final class TokenLoop implements WorkerTeam.Job {
  private static final int MAX_TOKENS_PER_TASK = 8;

  /** What happens to one token. */
  interface Body {
    void compute(int token, int worker);
  }

  private final WorkerTeam team;
  private final Body body;
  private int numTokens;
  private int tokensPerTask = 1;

  TokenLoop(WorkerTeam team, Body body) {
    this.team = team;
    this.body = body;
  }

  /** Computes tokens 0 to {@code numTokens}, exclusive, and returns when all are done. */
  void runOver(int numTokens) {
    this.numTokens = numTokens;
    int share = numTokens / team.numThreads();
    tokensPerTask = Math.max(1, Math.min(MAX_TOKENS_PER_TASK, share));
    team.run(this, (numTokens + tokensPerTask - 1) / tokensPerTask);
  }

  @Override
  public void run(int task, int worker) {
    int end = Math.min(numTokens, (task + 1) * tokensPerTask);
    for (int token = task * tokensPerTask; token < end; token++) {
      body.compute(token, worker);
    }
  }
}
