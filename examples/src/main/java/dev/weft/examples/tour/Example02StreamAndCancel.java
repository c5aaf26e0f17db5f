package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.GenerationResult;
import dev.weft.engine.TokenIterator;
import dev.weft.engine.TokenListener;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.AustenTokenizer;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * Streaming and cancelling: read tokens as they come, pulled by your thread or pushed to a
 * listener, and go away in the middle. Who goes away gives blocks and slot back to the others.
 */
public final class Example02StreamAndCancel {
  private Example02StreamAndCancel() {}

  /** Prints two answers as they are written, and cancels both. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostExecutor executor = HostExecutor.builder(HostModel.load(folder)).build();
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        WeftEngine engine = WeftEngine.builder(executor).build().start()) {
      Generation pulled = engine.submit(request(engine, tokenizer, "Mr. Darcy")).generation();
      try (TokenIterator tokens = pulled.tokens()) {
        while (tokens.outputIndex() < 20 && tokens.hasNext()) { // hasNext waits for the next one.
          System.out.print(tokenizer.decode(new int[] {tokens.nextInt()}));
        }
      } // Closing the iterator before the end cancels the request.
      tell(pulled.await());

      Generation pushed = engine.submit(request(engine, tokenizer, "Mrs. Bennet")).generation();
      CountDownLatch heardAll = new CountDownLatch(1);
      pushed.listen(new TokenListener() { // On a thread of its own: it may be slow.
        @Override public void onToken(int sampleIndex, int outputIndex, int token) {
          System.out.print(tokenizer.decode(new int[] {token}));
          if (outputIndex == 19) {
            pushed.cancel(); // Any thread may; tokens that are under way may still come.
          }
        }

        @Override public void onEnd(GenerationResult result) {
          tell(result);
          heardAll.countDown();
        }
      });
      heardAll.await(); // After pushed.await() the listener might still have tokens to hear.
    }
  }

  private static Request request(WeftEngine engine, AustenTokenizer tokenizer, String prompt) {
    System.out.print(prompt + "|");
    return Request.builder(engine.nextRequestId(), tokenizer.encode(prompt))
        .sampling(SamplingParameters.sampled(500, 0.8f, 3))
        .build();
  }

  private static void tell(GenerationResult result) {
    System.out.println("|");
    System.out.println(result + ", a whole answer: " + result.isComplete());
  }
}
