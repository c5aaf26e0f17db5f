package dev.weft.benchmarks.host;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes a Llama checkpoint with random weights in BF16, tied embeddings, in HuggingFace's layout.
 * The same shape always gives the same bytes.
 */
final class RandomCheckpoint {
  private static final long SEED = 20_261_121;

  /** Weights are uniform with the usual standard deviation, 0.02. */
  private static final double MAX_WEIGHT = 0.02 * Math.sqrt(3);

  private static final int MAX_POSITIONS = 1024;

  private final ModelShape shape;

  /** Length by tensor, in the order of the file; a norm has one dimension. */
  private final Map<String, long[]> tensors = new LinkedHashMap<>();

  private RandomCheckpoint(ModelShape shape) {
    this.shape = shape;
    long hidden = shape.hiddenSize();
    long query = (long) shape.numHeads() * shape.headDim();
    long kv = (long) shape.numKvHeads() * shape.headDim();
    long inner = shape.intermediateSize();
    tensors.put("model.embed_tokens.weight", new long[] {shape.vocabularySize(), hidden});
    for (int layer = 0; layer < shape.numLayers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      tensors.put(prefix + "input_layernorm.weight", new long[] {hidden});
      tensors.put(prefix + "self_attn.q_proj.weight", new long[] {query, hidden});
      tensors.put(prefix + "self_attn.k_proj.weight", new long[] {kv, hidden});
      tensors.put(prefix + "self_attn.v_proj.weight", new long[] {kv, hidden});
      tensors.put(prefix + "self_attn.o_proj.weight", new long[] {hidden, query});
      tensors.put(prefix + "post_attention_layernorm.weight", new long[] {hidden});
      tensors.put(prefix + "mlp.gate_proj.weight", new long[] {inner, hidden});
      tensors.put(prefix + "mlp.up_proj.weight", new long[] {inner, hidden});
      tensors.put(prefix + "mlp.down_proj.weight", new long[] {hidden, inner});
    }
    tensors.put("model.norm.weight", new long[] {hidden});
  }

  /**
   * Writes the files of a checkpoint; the configuration last, so that it stands for all of them.
   *
   * @param tokenizer copied, for loaders that demand one; its vocabulary may be smaller
   */
  static void write(ModelShape shape, Path folder, Path tokenizer) throws IOException {
    RandomCheckpoint checkpoint = new RandomCheckpoint(shape);
    Files.createDirectories(folder);
    Files.copy(tokenizer, folder.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
    try (OutputStream out = Files.newOutputStream(folder.resolve("model.safetensors"))) {
      checkpoint.writeHeader(out);
      checkpoint.writeWeights(out);
    }
    Files.writeString(folder.resolve("config.json"), checkpoint.config());
  }

  private void writeHeader(OutputStream out) throws IOException {
    StringBuilder json = new StringBuilder();
    long offset = 0;
    for (Map.Entry<String, long[]> tensor : tensors.entrySet()) {
      long[] dimensions = tensor.getValue();
      long end = offset + Short.BYTES * size(dimensions);
      String list = dimensions[0] + (dimensions.length == 1 ? "" : "," + dimensions[1]);
      json.append(json.length() == 0 ? '{' : ',')
          .append("\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
              .formatted(tensor.getKey(), list, offset, end));
      offset = end;
    }
    json.append('}').append(" ".repeat(-(json.length() + 1) & 7));
    byte[] header = json.toString().getBytes(StandardCharsets.US_ASCII);
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      out.write((int) ((long) header.length >>> shift));
    }
    out.write(header);
  }

  private static long size(long[] dimensions) {
    return dimensions.length == 1 ? dimensions[0] : dimensions[0] * dimensions[1];
  }

  private void writeWeights(OutputStream out) throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    byte[] row = new byte[Short.BYTES * Math.max(shape.hiddenSize(), shape.intermediateSize())];
    for (long[] dimensions : tensors.values()) {
      boolean isNorm = dimensions.length == 1;
      int length = (int) dimensions[dimensions.length - 1];
      long numRows = isNorm ? 1 : dimensions[0];
      for (long i = 0; i < numRows; i++) {
        for (int j = 0; j < length; j++) {
          float weight = isNorm ? 1f : (float) random.nextDouble(-MAX_WEIGHT, MAX_WEIGHT);
          int bits = Float.floatToRawIntBits(weight) >>> Short.SIZE;
          row[2 * j] = (byte) bits;
          row[2 * j + 1] = (byte) (bits >>> Byte.SIZE);
        }
        out.write(row, 0, Short.BYTES * length);
      }
    }
  }

  private String config() {
    return """
        {
          "architectures": ["LlamaForCausalLM"],
          "model_type": "llama",
          "hidden_act": "silu",
          "hidden_size": %d,
          "num_hidden_layers": %d,
          "num_attention_heads": %d,
          "num_key_value_heads": %d,
          "head_dim": %d,
          "intermediate_size": %d,
          "vocab_size": %d,
          "max_position_embeddings": %d,
          "rms_norm_eps": 1e-05,
          "rope_theta": 10000.0,
          "bos_token_id": 1,
          "eos_token_id": 2,
          "tie_word_embeddings": true,
          "torch_dtype": "bfloat16"
        }
        """.formatted(shape.hiddenSize(), shape.numLayers(), shape.numHeads(), shape.numKvHeads(),
            shape.headDim(), shape.intermediateSize(), shape.vocabularySize(), MAX_POSITIONS);
  }
}
