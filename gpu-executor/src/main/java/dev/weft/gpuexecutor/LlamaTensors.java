package dev.weft.gpuexecutor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The stored tensors of a Llama checkpoint by their role. Made only when all of them are there with
 * the shapes that the configuration demands, and nothing else is.
 *
 * @param output null when the embeddings are tied
 */
record LlamaTensors(
    StoredTensor embedding, List<Layer> layers, StoredTensor norm, @Nullable StoredTensor output) {

  /** The stored tensors of one transformer layer. */
  record Layer(
      StoredTensor attentionNorm,
      StoredTensor query,
      StoredTensor key,
      StoredTensor value,
      StoredTensor attentionOutput,
      StoredTensor feedForwardNorm,
      StoredTensor gate,
      StoredTensor up,
      StoredTensor down) {

    private long byteSize() {
      return attentionNorm.byteSize()
          + query.byteSize()
          + key.byteSize()
          + value.byteSize()
          + attentionOutput.byteSize()
          + feedForwardNorm.byteSize()
          + gate.byteSize()
          + up.byteSize()
          + down.byteSize();
    }
  }

  /** Bytes of all tensors as they are stored. */
  long byteSize() {
    long sum = embedding.byteSize() + norm.byteSize() + (output == null ? 0 : output.byteSize());
    for (Layer layer : layers) {
      sum += layer.byteSize();
    }
    return sum;
  }

  /** Finds and checks every tensor; reads no weights. */
  static LlamaTensors claim(Checkpoint checkpoint, LlamaConfig config)
      throws ModelFormatException {
    int hidden = config.hiddenSize();
    int vocabulary = config.vocabularySize();
    StoredTensor embedding =
        claim(checkpoint, "model.embed_tokens.weight", vocabulary, hidden);
    List<Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      layers.add(claimLayer(checkpoint, "model.layers." + layer + ".", config));
    }
    StoredTensor norm = claim(checkpoint, "model.norm.weight", hidden);
    StoredTensor output = null;
    if (config.tiedEmbeddings()) {
      // Some exporters write the tied matrix a second time.
      checkpoint.ignore("lm_head.weight");
    } else {
      output = claim(checkpoint, "lm_head.weight", vocabulary, hidden);
    }
    checkpoint.checkNothingLeft();
    return new LlamaTensors(embedding, layers, norm, output);
  }

  private static Layer claimLayer(Checkpoint checkpoint, String prefix, LlamaConfig config)
      throws ModelFormatException {
    int hidden = config.hiddenSize();
    int inner = config.intermediateSize();
    String attention = prefix + "self_attn.";
    String feedForward = prefix + "mlp.";
    // Old exporters also store the RoPE frequencies, which follow from the configuration.
    checkpoint.ignore(attention + "rotary_emb.inv_freq");
    return new Layer(
        claim(checkpoint, prefix + "input_layernorm.weight", hidden),
        claim(checkpoint, attention + "q_proj.weight", config.queryWidth(), hidden),
        claim(checkpoint, attention + "k_proj.weight", config.kvWidth(), hidden),
        claim(checkpoint, attention + "v_proj.weight", config.kvWidth(), hidden),
        claim(checkpoint, attention + "o_proj.weight", hidden, config.queryWidth()),
        claim(checkpoint, prefix + "post_attention_layernorm.weight", hidden),
        claim(checkpoint, feedForward + "gate_proj.weight", inner, hidden),
        claim(checkpoint, feedForward + "up_proj.weight", inner, hidden),
        claim(checkpoint, feedForward + "down_proj.weight", hidden, inner));
  }

  private static StoredTensor claim(Checkpoint checkpoint, String name, long... shape)
      throws ModelFormatException {
    StoredTensor tensor = checkpoint.claim(name);
    tensor.require(shape);
    return tensor;
  }
}
