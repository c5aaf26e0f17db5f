package dev.weft.examples;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/**
 * The served outputs as JSON, so that somebody else can recompute them:
 *
 * <pre>
 * {"requests": [{
 *   "id": 0,                          counts from 0, in the order of arrival
 *   "prompt_token_ids": [1, …],       all of them, a shared prefix included
 *   "parameters": {
 *     "max_tokens": 16,               generated tokens of a sample, at most
 *     "temperature": 0.8,             0 is greedy
 *     "top_k": 0,                     0 is off
 *     "top_p": 1.0,                   1 is off
 *     "seed": 1813,                   of the request; signed, 64 bits
 *     "n": 1,                         samples
 *     "stop_token_ids": [2]           each ends a sample and is its last token
 *   },
 *   "samples": [{
 *     "seed": 1813,                   of the sample, derived by SequenceSeed; signed, 64 bits
 *     "token_ids": [10, …],           generated ones
 *     "finish_reason": "length",      or "stop"
 *     "text": "…"                     of the generated tokens
 *   }]
 * }]}
 * </pre>
 */
final class OutputsFile {
  private final AustenTokenizer tokenizer;
  private final ObjectMapper json = new ObjectMapper();

  OutputsFile(AustenTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Writes all requests of a run; replaces what was there. */
  void write(Path file, RunReport report) throws IOException {
    ObjectNode root = json.createObjectNode();
    ArrayNode requests = root.putArray("requests");
    for (TimedRequest timed : report.requests()) {
      requests.add(request(timed.request(), report.served()));
    }
    json.enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), root);
  }

  private ObjectNode request(Request request, ServedOutputs served) {
    ObjectNode node = json.createObjectNode();
    node.put("id", request.id());
    ArrayNode prompt = node.putArray("prompt_token_ids");
    for (int i = 0; i < request.numPromptTokens(); i++) {
      prompt.add(request.promptToken(i));
    }
    node.set("parameters", parameters(request.sampling()));
    ArrayNode samples = node.putArray("samples");
    for (int j = 0; j < request.sampling().numSamples(); j++) {
      samples.add(sample(served.sample((int) request.id(), j), Workload.seed(request, j)));
    }
    return node;
  }

  private ObjectNode parameters(SamplingParameters sampling) {
    ObjectNode node = json.createObjectNode();
    node.put("max_tokens", sampling.maxNewTokens());
    node.put("temperature", sampling.temperature());
    node.put("top_k", sampling.topK());
    node.put("top_p", sampling.topP());
    node.put("seed", sampling.seed());
    node.put("n", sampling.numSamples());
    ArrayNode stops = node.putArray("stop_token_ids");
    for (int i = 0; i < sampling.numStopTokens(); i++) {
      stops.add(sampling.stopTokenId(i));
    }
    return node;
  }

  private ObjectNode sample(SampleOutput output, long seed) {
    ObjectNode node = json.createObjectNode();
    node.put("seed", seed);
    ArrayNode tokens = node.putArray("token_ids");
    for (int token : output.tokens()) {
      tokens.add(token);
    }
    FinishReason reason = Objects.requireNonNull(output.finishReason());
    node.put("finish_reason", reason.name().toLowerCase(Locale.ROOT));
    node.put("text", tokenizer.decode(output.tokens()));
    return node;
  }
}
