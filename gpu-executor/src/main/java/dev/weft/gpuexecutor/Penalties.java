package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;

/**
 * Repetition, frequency and presence penalties (the first by Keskar et al., CTRL, 2019). Cost: the
 * tokens of the sequence, twice. An instance is the scratch memory of one thread.
 */
final class Penalties {
  /** By token: occurrences in the output + 1; 0 when it is in neither prompt nor output. */
  private final int[] occurrences;

  Penalties(int vocabularySize) {
    occurrences = new int[vocabularySize];
  }

  /**
   * Changes the logits of the tokens that the sequence contains, each token once: first repetition,
   * then frequency, then presence.
   */
  void apply(SamplingState state, float[] logits) {
    for (int i = 0; i < state.numTokens(); i++) {
      int token = state.token(i);
      if (i >= state.numPromptTokens()) {
        occurrences[token] = Math.max(1, occurrences[token]) + 1;
      } else {
        occurrences[token] = 1;
      }
    }
    for (int i = 0; i < state.numTokens(); i++) {
      int token = state.token(i);
      if (occurrences[token] > 0) {
        logits[token] = penalised(logits[token], occurrences[token] - 1, state.parameters());
        occurrences[token] = 0;
      }
    }
  }

  private static float penalised(float logit, int numInOutput, SamplingParameters parameters) {
    float penalty = parameters.repetitionPenalty();
    float result = logit > 0 ? logit / penalty : logit * penalty;
    if (numInOutput > 0) {
      result -= parameters.frequencyPenalty() * numInOutput;
      result -= parameters.presencePenalty();
    }
    return result;
  }
}
