package dev.weft.examples.tour;

import dev.weft.engine.GenerationResult;
import dev.weft.engine.WeftEngine;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.jspecify.annotations.Nullable;

/** My own executor: whatever can say the next token of a row serves behind the engine. */
public final class Example11OwnExecutor {
  private Example11OwnExecutor() {}

  /** Prints what the parrot says; a token is a letter. */
  public static void main(String... arguments) throws InterruptedException {
    try (WeftEngine engine = WeftEngine.builder(new Parrot()).build().start()) {
      String prompt = "Polly wants a cracker. Po";
      GenerationResult result = engine.submit(
          Request.builder(engine.nextRequestId(), prompt.chars().toArray())
              .sampling(SamplingParameters.greedy(46)).build()).generation().await();
      System.out.println(prompt + "|" + new String(result.tokens(0), 0, result.numTokens(0)));
    }
  }

  /** Says the letter that came after the last two the first time, or the next of the alphabet. */
  private static final class Parrot implements StepExecutor {
    private static final ExecutorSpec SPEC = ExecutorSpec.builder().vocabularySize(128).numSlots(8)
        .maxNumRows(8).maxNumLogprobs(-1).kvKind(KvKind.FIXED_SLOT).supportsBlockCopies(false)
        .supportsMasks(false).supportsAdapters(false).build();
    private final int[][] heard = new int[SPEC.numSlots()][SPEC.maxModelLen() + 1];
    private @Nullable StepPlan inFlight;
    private long lastGoodStepId;
    @Override public boolean submit(StepPlan plan) {
      inFlight = plan; // It stays readable until its result was applied.
      return true;
    }

    @Override public boolean poll(StepResult result) {
      StepPlan plan = inFlight;
      if (plan == null) {
        return false;
      }
      inFlight = null;
      lastGoodStepId = plan.stepId();
      result.reset(plan.stepId(), plan.numRows());
      for (int row = 0; row < plan.numRows(); row++) {
        int[] text = heard[plan.slot(row)];
        int end = plan.startPosition(row);
        for (int i = 0; i < plan.numTokens(row); i++) {
          text[end++] = plan.token(row, i);
        }
        if (plan.isSampled(row)) {
          result.addToken(row, next(text, end));
        }
      }
      return true;
    }

    private static int next(int[] text, int end) {
      for (int i = 2; i < end; i++) {
        if (text[i - 2] == text[end - 2] && text[i - 1] == text[end - 1]) {
          return text[i];
        }
      }
      return (text[end - 1] + 1) % SPEC.vocabularySize();
    }

    @Override public boolean await(long timeoutNanos) { return inFlight != null; }
    @Override public ExecutorSpec spec() { return SPEC; }
    @Override public ExecutorState state() { return ExecutorState.READY; }
    @Override public String failureMessage() { return ""; }
    @Override public long lastGoodStepId() { return lastGoodStepId; }
    @Override public void close() { inFlight = null; }
  }
}
