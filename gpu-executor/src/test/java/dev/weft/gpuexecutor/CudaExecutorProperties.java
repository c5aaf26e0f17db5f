package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Whatever is scheduled, a deterministic CUDA executor gives a request the tokens and
 * log-probabilities that it has alone, bit for bit, in any order in which a device may run its
 * work.
 */
class CudaExecutorProperties {
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  @Property(tries = 40)
  void outputIsThatOfTheRequestAlone(@ForAll long seed) throws Exception {
    new ScheduledScenario(new Cuda(), seed).run();
  }

  /** The toy on the emulated device; alone is a prompt in one step, then one token at a time. */
  private static final class Cuda implements ScheduledScenario.Subject {
    @Override
    public StepExecutor newExecutor(Random random) {
      CudaExecutorBuilder builder = builder();
      StandIn.reset();
      StandIn.multiprocessors(1 + random.nextInt(4));
      StandIn.Order[] orders = StandIn.Order.values();
      StandIn.order(orders[random.nextInt(orders.length)], random.nextLong());
      StandIn.schedule(random.nextInt(3));
      return CudaToy.build(builder);
    }

    private static CudaExecutorBuilder builder() {
      return CudaToy.builder()
          .deterministic(true)
          .maxModelLen(ScheduledScenario.MAX_MODEL_LEN)
          .blockSize(ScheduledScenario.BLOCK_SIZE)
          .numBlocks(ScheduledScenario.NUM_BLOCKS)
          .numSlots(ScheduledScenario.NUM_SLOTS)
          .maxNumRows(ScheduledScenario.MAX_NUM_ROWS)
          .maxNumBatchedTokens(ScheduledScenario.MAX_NUM_TOKENS)
          .maxNumDraftTokens(ScheduledScenario.MAX_NUM_DRAFTS)
          .maxInFlight(ScheduledScenario.MAX_IN_FLIGHT);
    }

    @Override
    public SoloOutput alone(int[] prompt, SamplingParameters parameters, long seed) {
      CudaExecutorBuilder builder = builder();
      StandIn.reset();
      try (CudaExecutor executor = CudaToy.build(builder)) {
        return new Alone(executor, prompt, parameters, seed).run();
      }
    }

    @Override
    public boolean verifiesTrees() {
      return false;
    }

    @Override
    public int vocabularySize() {
      return CudaToy.VOCABULARY_SIZE;
    }

    @Override
    public int maxNumOutput() {
      return 12;
    }
  }

  /** One request on an executor of its own. */
  private static final class Alone {
    private final StepExecutor executor;
    private final SamplingParameters parameters;
    private final PlanWriter writer = new PlanWriter();
    private final StepResult result = new StepResult(1, 0, SamplingParameters.MAX_NUM_LOGPROBS);
    private final int[] tokens;
    private final float[] logprobs;
    private final int numPromptTokens;
    private int numBlocks;
    private int numOutput;

    Alone(StepExecutor executor, int[] prompt, SamplingParameters parameters, long seed) {
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
}
