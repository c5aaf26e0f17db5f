package dev.weft.gpuexecutor;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HostModelLoadTest {
  @TempDir private Path directory;
  private final TinyCheckpoint tiny = new TinyCheckpoint();

  private HostModel load() throws Exception {
    return HostModel.load(tiny.write(directory));
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(this::load)
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @EnumSource(StorageType.class)
  void everyStorageTypeGivesTheSameWeights(StorageType type) throws Exception {
    tiny.type = type;
    assertThatWeightsAreThoseOfTheFile(load());
  }

  @Test
  void shardsAreReadThroughTheirIndex() throws Exception {
    assertThatWeightsAreThoseOfTheFile(HostModel.load(tiny.writeSharded(directory)));
  }

  private void assertThatWeightsAreThoseOfTheFile(HostModel model) {
    LlamaWeights weights = model.weights();
    float[] embedding = tiny.weights("model.embed_tokens.weight");
    for (int i = 0; i < 80; i++) {
      assertThat(weights.embedding()[i / 8][i % 8]).isEqualTo(embedding[i]);
    }
    assertThat(weights.norm()).isEqualTo(tiny.weights("model.norm.weight"));
    LlamaWeights.Layer layer = weights.layers()[0];
    assertRows(layer.queryKeyValue(), 0, "model.layers.0.self_attn.q_proj.weight");
    assertRows(layer.queryKeyValue(), 8, "model.layers.0.self_attn.k_proj.weight");
    assertRows(layer.queryKeyValue(), 12, "model.layers.0.self_attn.v_proj.weight");
    assertRows(layer.attentionOutput(), 0, "model.layers.0.self_attn.o_proj.weight");
    assertRows(layer.gateUp(), 0, "model.layers.0.mlp.gate_proj.weight");
    assertRows(layer.gateUp(), 12, "model.layers.0.mlp.up_proj.weight");
    assertRows(layer.down(), 0, "model.layers.0.mlp.down_proj.weight");
    assertRows(weights.output(), 0, "lm_head.weight");
  }

  private void assertRows(PanelMatrix matrix, int firstOutput, String tensor) {
    float[] stored = tiny.weights(tensor);
    for (int i = 0; i < stored.length; i++) {
      int output = firstOutput + i / matrix.numInputs();
      float[] column = matrix.panel(output / matrix.panelWidth())[i % matrix.numInputs()];
      assertThat(column[output % matrix.panelWidth()]).isEqualTo(stored[i]);
    }
  }

  @Test
  void aTiedModelUsesItsEmbeddingAsOutput() throws Exception {
    tiny.config.put("tie_word_embeddings", "true");
    HostModel model = load();
    assertRows(model.weights().output(), 0, "model.embed_tokens.weight");
    tiny.remove("lm_head.weight");
    assertRows(load().weights().output(), 0, "model.embed_tokens.weight");
  }

  @Test
  void whatServersNeedIsToldFromTheConfig() throws Exception {
    tiny.config.put("eos_token_id", "[2, 9]");
    HostModel model = load();
    assertThat(model.vocabularySize()).isEqualTo(10);
    assertThat(model.maxPositions()).isEqualTo(64);
    assertThat(model.eosTokenIds()).containsExactly(2, 9);
    tiny.config.put("eos_token_id", "2");
    assertThat(load().eosTokenIds()).containsExactly(2);
    tiny.config.put("eos_token_id", "null");
    assertThat(load().eosTokenIds()).isEmpty();
  }

  @Test
  void aWideMatrixIsCutIntoEvenPanels() {
    PanelMatrix matrix = new PanelMatrix(2200, 3);
    assertThat(matrix.numPanels()).isEqualTo(3);
    assertThat(matrix.panelWidth()).isEqualTo(736);
    assertThat(matrix.width(0) + matrix.width(1) + matrix.width(2)).isEqualTo(2200);
  }

  @Test
  void aMissingTensorIsRefused() {
    tiny.remove("model.layers.0.mlp.up_proj.weight");
    assertRefused("model.safetensors: model.layers.0.mlp.up_proj.weight: this tensor is missing");
  }

  @Test
  void anUntiedModelNeedsItsOutputMatrix() {
    tiny.remove("lm_head.weight");
    assertRefused("lm_head.weight: this tensor is missing");
  }

  @Test
  void aWrongShapeIsRefused() {
    tiny.shapes.put("model.layers.0.self_attn.k_proj.weight", new long[] {8, 4});
    assertRefused("k_proj.weight: shape is [8, 4], must be [4, 8] by config.json");
  }

  @Test
  void moreLayersThanTheFileHasAreRefused() {
    tiny.config.put("num_hidden_layers", "2");
    assertRefused("model.layers.1.input_layernorm.weight: this tensor is missing");
  }

  @Test
  void aLayerTooManyIsRefused() {
    tiny.shapes.put("model.layers.1.mlp.up_proj.weight", new long[] {1});
    tiny.values.put("model.layers.1.mlp.up_proj.weight", new float[1]);
    tiny.shapes.put("model.layers.1.mlp.down_proj.weight", new long[] {1});
    tiny.values.put("model.layers.1.mlp.down_proj.weight", new float[1]);
    assertRefused("model.layers.1.mlp.down_proj.weight: unknown tensor (and 1 others)");
  }

  @Test
  void aBiasIsRefused() {
    tiny.shapes.put("model.layers.0.self_attn.q_proj.bias", new long[] {8});
    tiny.values.put("model.layers.0.self_attn.q_proj.bias", new float[8]);
    assertRefused("model.layers.0.self_attn.q_proj.bias: bias is not supported");
  }

  @Test
  void storedRopeFrequenciesAreIgnored() throws Exception {
    tiny.shapes.put("model.layers.0.self_attn.rotary_emb.inv_freq", new long[] {2});
    tiny.values.put("model.layers.0.self_attn.rotary_emb.inv_freq", new float[2]);
    assertThat(load().vocabularySize()).isEqualTo(10);
  }

  @Test
  void anUnexpectedTypeIsRefused() throws Exception {
    tiny.write(directory);
    Path file = directory.resolve(Checkpoint.SINGLE_FILE);
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, ISO_8859_1);
    text = text.replaceFirst("F32", "I32");
    Files.write(file, text.getBytes(ISO_8859_1));
    assertThatThrownBy(() -> HostModel.load(directory))
        .hasMessageContaining("lm_head.weight: dtype is I32, must be F32, F16 or BF16");
  }

  @Test
  void aDirectoryWithoutWeightsIsRefused() throws Exception {
    tiny.writeConfig(directory);
    assertThatThrownBy(() -> HostModel.load(directory))
        .hasMessageContaining("neither model.safetensors nor model.safetensors.index.json");
    assertThatThrownBy(() -> HostModel.load(directory.resolve("nowhere")))
        .hasMessageContaining("config.json: file: is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "../secret.safetensors | the plain name of a .safetensors file",
        "/etc/x.safetensors    | the plain name of a .safetensors file",
        "model.bin             | the plain name of a .safetensors file",
        "other.safetensors     | a file of the same directory",
        "model-00002-of-00002.safetensors | the shard that holds this tensor"
      })
  void anIndexNamesOnlyItsOwnShards(String shard, String problem) throws Exception {
    tiny.writeSharded(directory);
    Path index = directory.resolve(Checkpoint.INDEX_FILE);
    String text = Files.readString(index);
    Files.writeString(index, text.replaceFirst("model-00001-of-00002.safetensors", shard));
    assertThatThrownBy(() -> HostModel.load(directory))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("index.json: weight_map.lm_head.weight: is " + shard)
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "architectures | [\"MistralForCausalLM\"] | [LlamaForCausalLM]",
        "architectures | null | [LlamaForCausalLM]",
        "model_type | \"mistral\" | is mistral, must be llama",
        "hidden_act | \"gelu\" | is gelu, must be silu",
        "attention_bias | true | biases are not supported",
        "mlp_bias | true | biases are not supported",
        "mlp_bias | 1 | true or false",
        "quantization_config | {\"bits\": 4} | quantised weights are not supported",
        "hidden_size | 0 | an integer from 1",
        "hidden_size | 1048577 | an integer from 1 to 1048576",
        "hidden_size | null | is missing",
        "num_attention_heads | 3 | a divisor of hidden_size 8",
        "num_attention_heads | 8 | head_dim: is 1, must be even",
        "num_key_value_heads | 3 | an integer from 1 to 2",
        "head_dim | 5 | must be even",
        "head_dim | 1048576 | 1048576 x 2 heads is more than 1048576",
        "vocab_size | 2000000000 | an integer from 1 to 16777216",
        "rms_norm_eps | -1 | a number from",
        "rms_norm_eps | \"1e-5\" | a number from",
        "rope_theta | 0 | a number from",
        "rope_scaling | {\"rope_type\": \"yarn\"} | rope_type: is yarn, must be default or llama3",
        "rope_scaling | {\"type\": \"linear\"} | type: is linear, must be default or llama3",
        "rope_scaling | 8.0 | an object",
        "rope_scaling | {\"rope_type\": \"llama3\"} | low_freq_factor: is missing",
        "eos_token_id | 10 | an integer from 0 to 9",
        "max_position_embeddings | 0 | an integer from 1"
      })
  void anUnsupportedConfigIsRefused(String field, String value, String problem) {
    tiny.config.put(field, value);
    assertRefused("config.json: ", problem);
  }

  @Test
  void aThirdOfTheHeadsCannotShare() {
    tiny.config.put("num_attention_heads", "4");
    tiny.config.put("num_key_value_heads", "3");
    assertRefused("num_key_value_heads: is 3, must be a divisor of num_attention_heads 4");
  }
}
