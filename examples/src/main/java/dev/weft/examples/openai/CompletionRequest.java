package dev.weft.examples.openai;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.List;

/**
 * What a client asks {@code /v1/completions} for, checked.
 *
 * @param prompts       token ids of each prompt; at least one
 * @param sampling      the same for all prompts; {@code numSamples} answers to each
 * @param stops         strings that end an answer
 * @param streams       true when the answers are to be sent as they are made
 * @param includesUsage true when a stream shall end with the numbers of tokens
 * @param user          who asks; empty for nobody in particular
 */
record CompletionRequest(List<int[]> prompts, SamplingParameters sampling, List<String> stops,
    boolean streams, boolean includesUsage, String user) {
  int numChoices() {
    return prompts.size() * sampling.numSamples();
  }
}
