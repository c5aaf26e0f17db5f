package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.util.Arrays;

/**
 * One request on an executor of its own: its prompt in one step, then one token at a time, each
 * told by the host.
 */
final class AloneOnExecutor {
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  private final StepExecutor executor;
  private final SamplingParameters parameters;
  private final PlanWriter writer = new PlanWriter();
  private final StepResult result = new StepResult(1, 0, SamplingParameters.MAX_NUM_LOGPROBS);
  private final int[] tokens;
  private final float[] logprobs;
  private final int numPromptTokens;
  private int numBlocks;
  private int numOutput;

  AloneOnExecutor(StepExecutor executor, int[] prompt, SamplingParameters parameters, long seed) {
    this.executor = executor;
    this.parameters = parameters;
    numPromptTokens = prompt.length;
    int room = executor.spec().maxModelLen() - prompt.length;
    int maxNewTokens = Math.min(parameters.maxNewTokens(), room);
    tokens = Arrays.copyOf(prompt, prompt.length + maxNewTokens);
    logprobs = new float[maxNewTokens];
    Request request = Request.builder(1, prompt).sampling(parameters).build();
    int[] known = parameters.hasPenalties() ? prompt : new int[0];
    writer.attach(0, request, 0, seed, known);
  }

  SoloOutput run() {
    int start = 0;
    while (numOutput < logprobs.length) {
      int end = numPromptTokens + numOutput;
      reserve(end);
      writer.sampledRow(0, start, Arrays.copyOfRange(tokens, start, end));
      if (isLast(step(), end)) {
        break;
      }
      start = end;
    }
    int[] output = Arrays.copyOfRange(tokens, numPromptTokens, numPromptTokens + numOutput);
    return new SoloOutput(
        output,
        Arrays.copyOf(logprobs, numOutput),
        new int[0][],
        new float[0][],
        FinishReason.LENGTH);
  }

  private boolean isLast(int token, int position) {
    tokens[position] = token;
    logprobs[numOutput++] = result.logprob(0, 0);
    return parameters.isStopToken(token);
  }

  private void reserve(int numPositions) {
    while (numBlocks * executor.spec().blockSize() < numPositions) {
      writer.blocks(0, ++numBlocks);
    }
  }

  private int step() {
    executor.submit(writer.write());
    try {
      executor.await(TIMEOUT_NANOS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (!executor.poll(result)) {
      throw new IllegalStateException("no result: " + executor.failureMessage());
    }
    return result.token(0, 0);
  }
}
