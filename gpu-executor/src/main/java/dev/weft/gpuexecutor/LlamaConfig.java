package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a Llama model, as {@code config.json} gives it. Everything this executor would
 * compute wrongly (biases, another activation, quantised weights, unknown RoPE scaling) is refused.
 *
 * @param hiddenSize width of the residual stream
 * @param numLayers number of transformer layers
 * @param numHeads number of query heads
 * @param numKvHeads number of key and value heads; divides numHeads
 * @param headDim width of one head, even
 * @param intermediateSize inner width of the feed-forward network
 * @param vocabularySize number of token ids
 * @param maxPositions number of positions the model was made for
 * @param rmsNormEpsilon added to the mean square before the root
 * @param ropeTheta base of the rotation frequencies
 * @param ropeScaling Llama-3 scaling of those frequencies, or null for none
 * @param tiedEmbeddings whether the output matrix is the embedding matrix
 * @param eosTokenIds tokens that end a text, possibly none
 */
record LlamaConfig(
    int hiddenSize,
    int numLayers,
    int numHeads,
    int numKvHeads,
    int headDim,
    int intermediateSize,
    int vocabularySize,
    int maxPositions,
    float rmsNormEpsilon,
    double ropeTheta,
    @Nullable RopeScaling ropeScaling,
    boolean tiedEmbeddings,
    List<Integer> eosTokenIds) {

  static final String FILE = "config.json";
  private static final int MAX_FILE_SIZE = 1 << 20;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_NUM_LAYERS = 1 << 12;
  private static final int MAX_VOCABULARY_SIZE = 1 << 24;
  private static final int MAX_POSITIONS = 1 << 24;
  private static final int MAX_NUM_EOS_TOKENS = 64;
  private static final double DEFAULT_ROPE_THETA = 10_000;

  /** The number of query heads that share one KV head. */
  int groupSize() {
    return numHeads / numKvHeads;
  }

  /** The width of all query heads together. */
  int queryWidth() {
    return numHeads * headDim;
  }

  /** The width of all key heads together, and of all value heads. */
  int kvWidth() {
    return numKvHeads * headDim;
  }

  /** The same shape with another number of layers. */
  LlamaConfig withLayers(int numLayers) {
    return new LlamaConfig(
        hiddenSize,
        numLayers,
        numHeads,
        numKvHeads,
        headDim,
        intermediateSize,
        vocabularySize,
        maxPositions,
        rmsNormEpsilon,
        ropeTheta,
        ropeScaling,
        tiedEmbeddings,
        eosTokenIds);
  }

  /** Reads {@code config.json} of a model directory. */
  static LlamaConfig read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    JsonObject json = JsonReader.readObject(file, JsonReader.readBounded(file, MAX_FILE_SIZE));
    checkArchitecture(json);
    int hiddenSize = json.requireInt("hidden_size", 1, MAX_WIDTH);
    int numHeads = json.requireInt("num_attention_heads", 1, MAX_WIDTH);
    int headDim = headDim(json, hiddenSize, numHeads);
    int vocabularySize = json.requireInt("vocab_size", 1, MAX_VOCABULARY_SIZE);
    int maxPositions = json.intOr("max_position_embeddings", 2048, 1, MAX_POSITIONS);
    JsonObject rope = ropeParameters(json);
    return new LlamaConfig(
        hiddenSize,
        json.requireInt("num_hidden_layers", 1, MAX_NUM_LAYERS),
        numHeads,
        numKvHeads(json, numHeads),
        headDim,
        json.requireInt("intermediate_size", 1, MAX_WIDTH),
        vocabularySize,
        maxPositions,
        (float) json.doubleOr("rms_norm_eps", 1e-6, 1e-12, 1),
        ropeTheta(json, rope),
        rope == null ? null : RopeScaling.read(rope, maxPositions),
        json.booleanOr("tie_word_embeddings", false),
        eosTokenIds(json, vocabularySize));
  }

  private static void checkArchitecture(JsonObject json) throws ModelFormatException {
    if (!json.stringsOrEmpty("architectures").equals(List.of("LlamaForCausalLM"))) {
      throw json.wrong("architectures", "[LlamaForCausalLM]");
    }
    requireValue(json, "model_type", "llama");
    requireValue(json, "hidden_act", "silu");
    for (String bias : List.of("attention_bias", "mlp_bias")) {
      if (json.booleanOr(bias, false)) {
        throw json.wrong(bias, "false: biases are not supported");
      }
    }
    if (json.has("quantization_config")) {
      throw json.error("quantization_config", "quantised weights are not supported");
    }
  }

  private static void requireValue(JsonObject json, String field, String value)
      throws ModelFormatException {
    if (!json.stringOr(field, value).equals(value)) {
      throw json.wrong(field, value);
    }
  }

  private static int headDim(JsonObject json, int hiddenSize, int numHeads)
      throws ModelFormatException {
    int headDim = json.intOr("head_dim", hiddenSize / numHeads, 1, MAX_WIDTH);
    if (!json.has("head_dim") && hiddenSize % numHeads != 0) {
      throw json.wrong("num_attention_heads", "a divisor of hidden_size " + hiddenSize);
    }
    if (headDim % 2 != 0) {
      throw json.error("head_dim", "is " + headDim + ", must be even");
    }
    if ((long) headDim * numHeads > MAX_WIDTH) {
      throw json.error(
          "head_dim", headDim + " x " + numHeads + " heads is more than " + MAX_WIDTH);
    }
    return headDim;
  }

  private static int numKvHeads(JsonObject json, int numHeads) throws ModelFormatException {
    int numKvHeads = json.intOr("num_key_value_heads", numHeads, 1, numHeads);
    if (numHeads % numKvHeads != 0) {
      throw json.wrong("num_key_value_heads", "a divisor of num_attention_heads " + numHeads);
    }
    return numKvHeads;
  }

  /** {@code rope_scaling}, or {@code rope_parameters} as newer tools write it; null when absent. */
  private static @Nullable JsonObject ropeParameters(JsonObject json)
      throws ModelFormatException {
    for (String field : List.of("rope_parameters", "rope_scaling")) {
      if (json.has(field)) {
        return json.requireObject(field);
      }
    }
    return null;
  }

  private static double ropeTheta(JsonObject json, @Nullable JsonObject rope)
      throws ModelFormatException {
    JsonObject owner = rope != null && rope.has("rope_theta") ? rope : json;
    return owner.doubleOr("rope_theta", DEFAULT_ROPE_THETA, 1, 1e12);
  }

  private static List<Integer> eosTokenIds(JsonObject json, int vocabularySize)
      throws ModelFormatException {
    long[] ids = json.longsOrEmpty("eos_token_id", MAX_NUM_EOS_TOKENS, 0, vocabularySize - 1L);
    Integer[] boxed = new Integer[ids.length];
    for (int i = 0; i < ids.length; i++) {
      boxed[i] = (int) ids[i];
    }
    return List.of(boxed);
  }
}
