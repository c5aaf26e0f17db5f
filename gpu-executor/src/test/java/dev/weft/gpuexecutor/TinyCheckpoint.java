package dev.weft.gpuexecutor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.StringJoiner;

/** Writes a small model of random weights, right unless a test breaks it. */
final class TinyCheckpoint {
  final Map<String, String> config = new LinkedHashMap<>();
  final Map<String, long[]> shapes = new LinkedHashMap<>();
  final Map<String, float[]> values = new LinkedHashMap<>();
  StorageType type = StorageType.F32;
  private final Random random = new Random(1);

  /** The sizes of a model. */
  record Shape(
      int hidden, int layers, int heads, int kvHeads, int headDim, int inner, int vocabulary) {}

  /** One layer, two query heads over one KV head of 4, untied. */
  TinyCheckpoint() {
    this(new Shape(8, 1, 2, 1, 4, 12, 10));
    config.remove("head_dim");
  }

  TinyCheckpoint(Shape shape) {
    config.put("architectures", "[\"LlamaForCausalLM\"]");
    config.put("model_type", "\"llama\"");
    config.put("hidden_size", "" + shape.hidden);
    config.put("num_hidden_layers", "" + shape.layers);
    config.put("num_attention_heads", "" + shape.heads);
    config.put("num_key_value_heads", "" + shape.kvHeads);
    config.put("head_dim", "" + shape.headDim);
    config.put("intermediate_size", "" + shape.inner);
    config.put("vocab_size", "" + shape.vocabulary);
    config.put("max_position_embeddings", "64");
    config.put("rms_norm_eps", "1e-5");
    add("lm_head.weight", shape.vocabulary, shape.hidden);
    add("model.embed_tokens.weight", shape.vocabulary, shape.hidden);
    for (int layer = 0; layer < shape.layers; layer++) {
      addLayer("model.layers." + layer + ".", shape);
    }
    add("model.norm.weight", shape.hidden);
  }

  private void addLayer(String prefix, Shape shape) {
    int queryWidth = shape.heads * shape.headDim;
    int kvWidth = shape.kvHeads * shape.headDim;
    add(prefix + "input_layernorm.weight", shape.hidden);
    add(prefix + "mlp.down_proj.weight", shape.hidden, shape.inner);
    add(prefix + "mlp.gate_proj.weight", shape.inner, shape.hidden);
    add(prefix + "mlp.up_proj.weight", shape.inner, shape.hidden);
    add(prefix + "post_attention_layernorm.weight", shape.hidden);
    add(prefix + "self_attn.k_proj.weight", kvWidth, shape.hidden);
    add(prefix + "self_attn.o_proj.weight", shape.hidden, queryWidth);
    add(prefix + "self_attn.q_proj.weight", queryWidth, shape.hidden);
    add(prefix + "self_attn.v_proj.weight", kvWidth, shape.hidden);
  }

  /** Weights that all three storage types hold exactly: small multiples of 1/16. */
  private void add(String name, long... shape) {
    shapes.put(name, shape);
    int size = 1;
    for (long dimension : shape) {
      size *= (int) dimension;
    }
    float[] weights = new float[size];
    for (int i = 0; i < size; i++) {
      weights[i] = (random.nextInt(31) - 15) / 16f;
    }
    values.put(name, weights);
  }

  /** The values of a tensor, row-major; a test may change them. */
  float[] weights(String tensor) {
    return Objects.requireNonNull(values.get(tensor));
  }

  void remove(String tensor) {
    shapes.remove(tensor);
    values.remove(tensor);
  }

  /** The directory with both files, one weight file. */
  Path write(Path directory) throws IOException {
    writeConfig(directory);
    Files.write(directory.resolve(Checkpoint.SINGLE_FILE), file(List.copyOf(shapes.keySet())));
    return directory;
  }

  /** The directory with the tensors dealt to two shards, and their index. */
  Path writeSharded(Path directory) throws IOException {
    writeConfig(directory);
    List<String> names = List.copyOf(shapes.keySet());
    StringJoiner index = new StringJoiner(",", "{\"weight_map\":{", "}}");
    for (int shard = 0; shard < 2; shard++) {
      String fileName = "model-0000" + (shard + 1) + "-of-00002.safetensors";
      List<String> part = new ArrayList<>();
      for (int i = shard; i < names.size(); i += 2) {
        part.add(names.get(i));
        index.add("\"" + names.get(i) + "\":\"" + fileName + "\"");
      }
      Files.write(directory.resolve(fileName), file(part));
    }
    Files.writeString(directory.resolve(Checkpoint.INDEX_FILE), index.toString());
    return directory;
  }

  void writeConfig(Path directory) throws IOException {
    StringJoiner json = new StringJoiner(",\n", "{", "}");
    config.forEach((field, value) -> json.add("\"" + field + "\": " + value));
    Files.writeString(directory.resolve(LlamaConfig.FILE), json.toString());
  }

  private byte[] file(List<String> names) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    StringJoiner header = new StringJoiner(",", "{", "}");
    header.add("\"__metadata__\":{\"format\":\"pt\"}");
    for (String name : names) {
      int begin = data.size();
      data.writeBytes(store(weights(name)));
      long[] shape = Objects.requireNonNull(shapes.get(name));
      header.add(entry(name, type.name(), shape, begin, data.size()));
    }
    return safetensors(header.toString(), data.toByteArray());
  }

  private byte[] store(float[] weights) {
    ByteBuffer bytes =
        ByteBuffer.allocate(weights.length * type.elementSize()).order(ByteOrder.LITTLE_ENDIAN);
    for (float weight : weights) {
      switch (type) {
        case F32 -> bytes.putFloat(weight);
        case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(weight) >>> 16));
        case F16 -> bytes.putShort(narrowToF16(weight));
      }
    }
    return bytes.array();
  }

  /** For zero and for normal halves that need no rounding. */
  private static short narrowToF16(float weight) {
    int bits = Float.floatToRawIntBits(weight);
    int exponent = ((bits >>> 23) & 0xff) - 112;
    int magnitude = weight == 0 ? 0 : (exponent << 10) | ((bits >>> 13) & 0x3ff);
    return (short) (((bits >>> 16) & 0x8000) | magnitude);
  }

  static String entry(String name, String type, long[] shape, long begin, long end) {
    StringJoiner dimensions = new StringJoiner(",", "[", "]");
    for (long dimension : shape) {
      dimensions.add(Long.toString(dimension));
    }
    String offsets = "[" + begin + "," + end + "]";
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, type, dimensions, offsets);
  }

  /** The bytes of a safetensors file. */
  static byte[] safetensors(String header, byte[] data) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .put(data)
        .array();
  }
}
