package dev.weft.benchmarks.host;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Jlama with weights and arithmetic in F32, on its native loops where they load. Weights stored in
 * BF16 are widened at load: as they are stored, Jlama 0.8.4 fails on the first prompt. It decodes
 * one sequence at a time.
 */
public final class JlamaContender implements Contender {
  private final AbstractModel model;
  private final KvBufferCache kvBuffers;
  private final LongSupplier clock;
  private final AbstractTensor<?, ?> logits;

  /** Called by reflection, because the ordinary build does not know this class. */
  public JlamaContender(Path folder, int numThreads, LongSupplier clock) {
    this.clock = clock;
    PhysicalCoreExecutor.overrideThreadCount(numThreads);
    model = ModelSupport.loadModel(folder.toFile(), null, DType.F32, DType.F32,
        Optional.of(DType.F32), Optional.empty());
    kvBuffers = new KvBufferCache(model);
    logits = model.makeDenseTensor(model.getConfig().vocabularySize);
    System.out.println("jlama: " + TensorOperationsProvider.get().name());
  }

  @Override
  public String name() {
    return "jlama";
  }

  @Override
  public boolean batches() {
    return false;
  }

  @Override
  public long prefill(int[] prompt) {
    try (KvBuffer kv = kvBuffers.getEphemeralKvBuffer()) {
      long start = clock.getAsLong();
      computePrompt(prompt, kv);
      return clock.getAsLong() - start;
    }
  }

  @Override
  public long decode(int[][] prompts, int numSteps) {
    int[] prompt = prompts[0];
    try (KvBuffer kv = kvBuffers.getEphemeralKvBuffer()) {
      int token = computePrompt(prompt, kv);
      long start = clock.getAsLong();
      for (int i = 0; i < numSteps; i++) {
        token = computeToken(token, prompt.length + i, kv);
      }
      return clock.getAsLong() - start;
    }
  }

  @Override
  public int[] continuation(int[] prompt, int numTokens) {
    int[] tokens = new int[numTokens];
    try (KvBuffer kv = kvBuffers.getEphemeralKvBuffer()) {
      tokens[0] = computePrompt(prompt, kv);
      for (int i = 1; i < numTokens; i++) {
        tokens[i] = computeToken(tokens[i - 1], prompt.length + i - 1, kv);
      }
    }
    return tokens;
  }

  @Override
  public void close() {
    model.close();
  }

  private int computePrompt(int[] prompt, KvBuffer kv) {
    try (var output = model.batchForward(prompt, 0, kv)) {
      return model.sample(output.slice(output.shape().first() - 1), 0f, 0f, logits);
    }
  }

  private int computeToken(int token, int position, KvBuffer kv) {
    try (var output = model.forward(token, position, kv, Optional.empty())) {
      return model.sample(output, 0f, 0f, logits);
    }
  }
}
