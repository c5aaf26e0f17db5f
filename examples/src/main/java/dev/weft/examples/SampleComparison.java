package dev.weft.examples;

import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.gpuexecutor.SoloOutput;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.Arrays;
import java.util.Map;

/**
 * One served sample against the same one decoded alone, token by token: each served token must be
 * the one that the decoder chooses behind the same tokens.
 *
 * <p>Where the executor that served rounds otherwise than the decoder, a tolerance says by how much
 * logits may differ. Then another token is right as well if the decoder, behind the same tokens and
 * with the same random numbers, chooses it as soon as its logit is raised by the tolerance. What
 * follows is compared with what the decoder says behind the served token.
 *
 * @param numRounded tokens that are right only by the tolerance
 * @param difference where they part for another reason; empty when they do not
 */
record SampleComparison(int numRounded, String difference) {
  /**
   * Compares.
   *
   * @param alone     the output of the decoder behind the prompt
   * @param tolerance 0 where every token must be equal
   */
  static SampleComparison of(SampleOutput together, SoloOutput alone, int[] prompt,
      SamplingParameters sampling, long seed, SoloDecoder decoder, float tolerance) {
    int[] tokens = together.tokens();
    int[] expected = alone.tokens();
    FinishReason expectedReason = alone.finishReason();
    int numRounded = 0;
    while (true) {
      int at = Arrays.mismatch(tokens, expected);
      if (at < 0) {
        boolean endsEqually = together.finishReason() == expectedReason;
        return new SampleComparison(numRounded, endsEqually ? ""
            : "it ended with " + together.finishReason() + ", alone with " + expectedReason);
      }
      boolean bothHaveOne = at < tokens.length && at < expected.length;
      if (!bothHaveOne || tolerance == 0
          || !isClose(tokens, at, prompt, sampling, seed, decoder, tolerance)) {
        return new SampleComparison(numRounded, "output token " + at + " is "
            + tokenAt(tokens, at) + ", alone " + tokenAt(expected, at));
      }
      numRounded++;
      // What the decoder says behind the token that was served instead of its own.
      int numKnown = at + 1;
      boolean isStop = sampling.isStopToken(tokens[at]);
      boolean isLast = isStop || numKnown == sampling.maxNewTokens();
      expected = Arrays.copyOf(tokens, numKnown);
      expectedReason = isStop ? FinishReason.STOP : FinishReason.LENGTH;
      if (!isLast) {
        SoloOutput rest = decoder.decode(join(prompt, tokens, numKnown),
            sampling.toBuilder().maxNewTokens(sampling.maxNewTokens() - numKnown).build(), seed);
        expected = join(expected, rest.tokens(), rest.numTokens());
        expectedReason = rest.finishReason();
      }
    }
  }

  /** Whether the decoder would choose the served token if its logit were a little higher. */
  private static boolean isClose(int[] tokens, int at, int[] prompt, SamplingParameters sampling,
      long seed, SoloDecoder decoder, float tolerance) {
    SamplingParameters raised = sampling.toBuilder().maxNewTokens(1)
        .logitBias(Map.of(tokens[at], tolerance)).build();
    return decoder.decode(join(prompt, tokens, at), raised, seed).tokens()[0] == tokens[at];
  }

  private static int[] join(int[] first, int[] second, int numOfSecond) {
    int[] joined = Arrays.copyOf(first, first.length + numOfSecond);
    System.arraycopy(second, 0, joined, first.length, numOfSecond);
    return joined;
  }

  private static String tokenAt(int[] tokens, int index) {
    return index < tokens.length ? String.valueOf(tokens[index]) : "missing";
  }
}
