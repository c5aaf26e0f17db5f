package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.testkit.HashModelExecutor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.Test;

/**
 * What the Technology Compatibility Kit of Reactive Streams demands of the publisher of a
 * generation, served by an engine on its own thread. {@link ReactiveStreamsTckTest} runs it.
 */
@Test
public final class PublisherVerification extends FlowPublisherVerification<OutputToken> {
  private static final long TIMEOUT_MILLIS = Duration.ofSeconds(10).toMillis();
  /** Waited for in full wherever nothing may happen, and between looks for an error. */
  private static final long SILENCE_MILLIS = 30;
  private static final int MAX_MODEL_LEN = 4096;
  private final List<WeftEngine> engines = new CopyOnWriteArrayList<>();

  public PublisherVerification() {
    super(new TestEnvironment(TIMEOUT_MILLIS, SILENCE_MILLIS, SILENCE_MILLIS));
  }

  /** A stream of exactly so many tokens: a request that the length limit ends. */
  @Override public Flow.Publisher<OutputToken> createFlowPublisher(long numTokens) {
    return numTokens == 0 ? withoutTokens() : newEngine().start()
        .submit(request(1, 3, (int) numTokens).build()).generation().publisher();
  }

  /** An answer of which nothing is left, because the stop string was its beginning. */
  private Flow.Publisher<OutputToken> withoutTokens() {
    WeftEngine engine = newEngine();
    Generation generation = engine.submit(request(1, 3, 3).build()).generation();
    while (generation.numTokens(0) == 0) {
      engine.runOnce();
    }
    generation.stop(0, 0);
    engine.start();
    return generation.publisher();
  }

  /** A request that was cut off: subscribers are told onSubscribe, then onError. */
  @Override public Flow.Publisher<OutputToken> createFailedFlowPublisher() {
    WeftEngine engine = newEngine();
    Generation generation = engine.submit(request(1, 3, 3).build()).generation();
    engine.close();
    return generation.publisher();
  }

  /** No more than fit beside the prompt. */
  @Override public long maxElementsFromPublisher() {
    return MAX_MODEL_LEN - 3;
  }

  private WeftEngine newEngine() {
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(EngineHarness.VOCABULARY_SIZE)
        .maxModelLen(MAX_MODEL_LEN).blockSize(16).numBlocks(512).numSlots(2).maxNumRows(2)
        .maxNumBatchedTokens(64).build();
    WeftEngine engine =
        WeftEngine.builder(HashModelExecutor.completingAtOnce(spec)).build();
    engines.add(engine);
    return engine;
  }

  @AfterMethod public void closeEngines() {
    engines.forEach(WeftEngine::close);
    engines.clear();
  }
}
