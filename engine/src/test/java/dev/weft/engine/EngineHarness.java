package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.testkit.BooksChecker;
import dev.weft.testkit.TokenOracle;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * An engine over a hash model whose every token is compared with the request alone, and a clock
 * that a test sets.
 */
final class EngineHarness implements SchedulerListener {
  static final int VOCABULARY_SIZE = 97;
  static final int MAX_MODEL_LEN = 64;

  final WeftEngine engine;
  final TokenOracle oracle = new TokenOracle(VOCABULARY_SIZE, MAX_MODEL_LEN);
  final Map<Long, Generation> generations = new HashMap<>();
  final Map<Long, FinishReason> reasons = new HashMap<>();
  final Map<Long, Integer> numCachedTokens = new HashMap<>();
  /** What the listener does from inside a callback when it hears a token. */
  Runnable onToken = () -> {};
  /** The last exception that came out of {@link #onToken}. */
  RuntimeException failure;
  long nowNanos = 1_000;

  EngineHarness(WeftEngineBuilder builder) {
    engine = builder.listener(this).clock(() -> nowNanos).build();
  }

  EngineHarness(StepExecutor executor) {
    this(WeftEngine.builder(executor));
  }

  /** A pool in which some of the requests find no place. */
  static ExecutorSpec spec(int maxInFlight) {
    return ExecutorSpec.builder().vocabularySize(VOCABULARY_SIZE).maxModelLen(MAX_MODEL_LEN)
        .blockSize(4).numBlocks(24).numSlots(8).maxNumRows(4).maxNumBatchedTokens(16)
        .maxInFlight(maxInFlight).build();
  }

  static Request.Builder request(long id, int numPromptTokens, int numNewTokens) {
    int[] prompt = new int[numPromptTokens];
    Arrays.setAll(prompt, i -> Math.floorMod(id * 31 + i * 7L, VOCABULARY_SIZE));
    return Request.builder(id, prompt).sampling(SamplingParameters.greedy(numNewTokens));
  }

  EngineHarness add(Request request) {
    oracle.expect(request);
    Submission submission = engine.submit(request);
    assertThat(submission.message()).isEmpty();
    generations.put(request.id(), submission.generation());
    return this;
  }

  /** Requests 1 to {@code numRequests} of different lengths. */
  EngineHarness addMany(int numRequests) {
    for (int id = 1; id <= numRequests; id++) {
      add(request(id, 3 + 5 * id % 17, 4 + 3 * id % 11).build());
    }
    return this;
  }

  /** Everything has ended, was shown so, and has given back what it held. */
  void assertAllEnded() {
    generations.values().forEach(generation -> assertThat(generation.result()).isNotNull());
    oracle.checkAllEnded();
    assertThat(engine.isIdle()).isTrue();
    engine.scheduler().checkIntegrity();
    new BooksChecker(engine.kvCache()).checkAllFree();
  }

  @Override public void onAdd(Request request, long seed, long addedNanos) {
    oracle.onAdd(request, seed, addedNanos);
  }

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCached, long admittedNanos) {
    numCachedTokens.put(requestId, numCached);
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    oracle.onToken(requestId, sampleIndex, outputIndex, token, nowNanos);
    onToken.run();
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long endNanos) {
    oracle.onFinish(requestId, sampleIndex, reason, numOutputTokens, endNanos);
    reasons.put(requestId, reason);
  }

  @Override public void onListenerFailure(RuntimeException thrown) {
    failure = thrown;
  }
}
