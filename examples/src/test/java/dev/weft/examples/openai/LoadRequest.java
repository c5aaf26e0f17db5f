package dev.weft.examples.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.gpuexecutor.SoloOutput;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceSeed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A request of the load test and what it must be answered, whoever else is served. All of it
 * follows from the index: prompt, length, sampling, samples, stop string.
 */
final class LoadRequest {
  private final int[] prompt;
  private final String text;
  private final int index;
  private final SamplingParameters sampling;
  private final String stop;
  private final List<Expected> expected = new ArrayList<>();

  /** @param text of which a part is the prompt */
  LoadRequest(int index, String text, SoloDecoder alone) {
    this.index = index;
    this.text = text.substring(0, Math.min(text.length(), 40 + 7 * index % 120));
    prompt = TestModel.MODEL.tokenizer().encode(this.text);
    sampling = TestModel.MODEL.sampling()
        .maxNewTokens(4 + index % 13)
        .temperature(index % 3 == 0 ? 0 : 0.9f)
        .numSamples(index % 8 == 0 ? 3 : 1)
        .build();
    stop = index % 5 == 0 ? "e" : "";
    for (int i = 0; i < sampling.numSamples(); i++) {
      expected.add(expected(alone.decode(prompt, sampling, SequenceSeed.ofSample(index, i))));
    }
  }

  private Expected expected(SoloOutput output) {
    for (int numTokens = 1; !stop.isEmpty() && numTokens <= output.numTokens(); numTokens++) {
      String begin = TestModel.MODEL.tokenizer().decode(
          Arrays.copyOf(output.tokens(), numTokens));
      if (begin.contains(stop)) {
        return new Expected(begin.substring(0, begin.indexOf(stop)), "stop", numTokens);
      }
    }
    return new Expected(TestModel.MODEL.tokenizer().decode(output.tokens()),
        output.finishReason() == FinishReason.STOP ? "stop" : "length", output.numTokens());
  }

  /** The body to send: the prompt as text for some, as tokens for the others. */
  String body(boolean streams) {
    ObjectNode json = ApiHarness.JSON.createObjectNode()
        .put("model", "target")
        .put("max_tokens", sampling.maxNewTokens())
        .put("temperature", sampling.temperature())
        .put("n", sampling.numSamples())
        .put("seed", index)
        .put("stream", streams);
    if (index % 2 == 0) {
      json.put("prompt", text);
    } else {
      ArrayNode tokens = json.putArray("prompt");
      Arrays.stream(prompt).forEach(tokens::add);
    }
    if (!stop.isEmpty()) {
      json.put("stop", stop);
    }
    if (streams) {
      json.putObject("stream_options").put("include_usage", true);
    }
    return json.toString();
  }

  int numPromptTokens() {
    return prompt.length;
  }

  List<Expected> expected() {
    return expected;
  }

  /** One answer, computed alone. */
  record Expected(String text, String finishReason, int numTokens) {}
}
