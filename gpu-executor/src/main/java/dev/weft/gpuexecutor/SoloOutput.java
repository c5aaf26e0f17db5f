package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.FinishReason;

/**
 * What {@link SoloDecoder} produced for one sequence. The arrays belong to the caller.
 *
 * @param tokens the generated tokens, a stop token included
 * @param logprobs {@code [token]}: natural logarithm of its probability before penalties, masks and
 *     temperature; empty when it was not asked for
 * @param topTokens {@code [token][rank]}: most likely tokens at that place, best first; empty when
 *     not asked for
 * @param topLogprobs {@code [token][rank]}: their log-probabilities; empty when not asked for
 * @param finishReason STOP, LENGTH, or ERROR when logits were no numbers or no token was permitted
 */
public record SoloOutput(
    int[] tokens,
    float[] logprobs,
    int[][] topTokens,
    float[][] topLogprobs,
    FinishReason finishReason) {}
