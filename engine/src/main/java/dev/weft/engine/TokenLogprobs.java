package dev.weft.engine;

/**
 * Natural logarithms of probabilities at one position of the output, before temperature and
 * filters as the executor reports them.
 *
 * @param token       the token that was chosen
 * @param logprob     its log-probability
 * @param topTokens   the most likely tokens, most likely first; as many as the request asked for; a
 *                    copy
 * @param topLogprobs their log-probabilities, in the same order; a copy
 */
public record TokenLogprobs(int token, float logprob, int[] topTokens, float[] topLogprobs) {}
