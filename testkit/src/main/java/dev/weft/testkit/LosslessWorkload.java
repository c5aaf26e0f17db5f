package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The requests of {@link LosslessContract}: one of each kind that drafts could go wrong with. All
 * have seeds of their own, so that output does not depend on the order of arrival.
 */
final class LosslessWorkload {
  static final int NUM_OUTPUT = 14;
  /** The request that takes no drafts. */
  static final long OPTED_OUT = 4;
  private static final int NUM_SAMPLES = 3;
  private static final long FIRST_SEED = 9000;

  private final ExecutorSpec spec;
  private final IntFunction<int[]> prompts;
  private final List<Request> requests = new ArrayList<>();

  private LosslessWorkload(ExecutorSpec spec, IntFunction<int[]> prompts) {
    this.spec = spec;
    this.prompts = prompts;
  }

  /**
   * The requests, by their ids from 0 on.
   *
   * @param prompts prompt of a request
   */
  static List<Request> of(ExecutorSpec spec, IntFunction<int[]> prompts) {
    return new LosslessWorkload(spec, prompts).requests();
  }

  private List<Request> requests() {
    add(sampling());
    add(sampling().temperature(0.9f));
    add(sampling().temperature(1.2f).topK(20).topP(0.9f));
    add(sampling().repetitionPenalty(1.3f).presencePenalty(0.5f).frequencyPenalty(0.2f));
    requests.add(request(sampling()).maxNumDraftTokens(0).build());
    add(sampling().temperature(0.7f).numSamples(NUM_SAMPLES));
    add(sampling().temperature(1.5f).minNewTokens(3).stopTokenIds(everyFourth()));
    add(sampling().temperature(0.8f).repetitionPenalty(1.2f));
    add(sampling().minNewTokens(NUM_OUTPUT - 1).stopTokenIds(0, 1));
    add(sampling().maxNewTokens(2));
    if (spec.supportsMasks()) {
      requests.add(request(sampling()).tokenMask(LosslessWorkload::mask).build());
      requests.add(
          request(sampling().temperature(0.9f)).tokenMask(LosslessWorkload::mask).build());
    }
    return requests;
  }

  private static SamplingParameters.Builder sampling() {
    return SamplingParameters.builder().maxNewTokens(NUM_OUTPUT);
  }

  private void add(SamplingParameters.Builder sampling) {
    requests.add(request(sampling).build());
  }

  private Request.Builder request(SamplingParameters.Builder sampling) {
    int id = requests.size();
    return Request.builder(id, prompts.apply(id)).sampling(sampling.seed(FIRST_SEED + id).build());
  }

  private int[] everyFourth() {
    int[] tokens = new int[Math.min(64, spec.vocabularySize() / 4)];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = 4 * i;
    }
    return tokens;
  }

  /** Permits three tokens of four, others at every place. */
  private static boolean mask(TokenSequence tokens, int sampleIndex, long[] words) {
    int last = tokens.token(tokens.numTokens() - 1);
    int forbidden = (last + tokens.numTokens()) % 4;
    for (int word = 0; word < words.length; word++) {
      words[word] = ~(0x1111_1111_1111_1111L << forbidden);
    }
    return true;
  }

  /** Text that repeats itself, so that a drafter finds something. */
  static int[] repeating(int index, int numTokens, int vocabularySize) {
    SplitMix random = new SplitMix(index);
    int[] tokens = new int[numTokens];
    for (int i = 0; i < numTokens; i++) {
      boolean isRepeated = i >= 5 && random.below(4) > 0;
      tokens[i] = isRepeated ? tokens[i - 5] : random.below(vocabularySize);
    }
    return tokens;
  }
}
