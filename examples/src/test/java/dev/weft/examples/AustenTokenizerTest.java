package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.util.Utils;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The library agrees with every id that was recorded when the model was made. */
class AustenTokenizerTest {
  private static final ModelFolder MODEL = ModelFolder.nearest();
  private static AustenTokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    tokenizer = AustenTokenizer.load(MODEL.target());
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void everyRecordedVectorIsMet() throws IOException {
    JsonNode vectors = read("tokenizer_vectors.json").get("vectors");

    assertThat(vectors).hasSize(255);
    for (JsonNode vector : vectors) {
      String text = vector.get("text").textValue();
      assertThat(tokenizer.encode(text)).as(text).isEqualTo(ints(vector.get("ids")));
    }
  }

  @Test
  void everyVectorWithoutSpecialTokensIsDecodedToItsText() throws IOException {
    for (JsonNode vector : read("tokenizer_vectors.json").get("vectors")) {
      if (!vector.get("special_tokens_in_text").booleanValue()) {
        String text = vector.get("text").textValue();
        assertThat(tokenizer.decode(ints(vector.get("ids")))).isEqualTo(text);
      }
    }
  }

  @Test
  void everyReferencePromptHasItsRecordedIds() throws IOException {
    JsonNode prompts = read("reference.json").get("prompts");

    assertThat(prompts).hasSize(22);
    for (JsonNode prompt : prompts) {
      assertThat(tokenizer.encode(prompt.get("text").textValue()))
          .as(prompt.get("name").textValue())
          .isEqualTo(ints(prompt.get("token_ids")));
    }
  }

  @Test
  void everyHeldOutPromptHasItsRecordedLength() throws IOException {
    JsonNode prompts = read("heldout_prompts.json").get("prompts");

    assertThat(prompts).hasSize(64);
    for (JsonNode prompt : prompts) {
      assertThat(tokenizer.encode(prompt.get("text").textValue()))
          .as(prompt.get("id").textValue())
          .hasSize(prompt.get("tokens").intValue());
    }
  }

  @Test
  void loadingReachesForNoNetwork() throws IOException {
    List<URI> asked = new ArrayList<>();
    ProxySelector before = ProxySelector.getDefault();
    ProxySelector.setDefault(recordingTo(asked));
    try {
      AustenTokenizer.load(MODEL.target()).close();
    } finally {
      ProxySelector.setDefault(before);
    }

    assertThat(asked).isEmpty();
    assertThat(Utils.isOfflineMode()).as("reports nothing and downloads nothing").isTrue();
  }

  private static ProxySelector recordingTo(List<URI> asked) {
    return new ProxySelector() {
      @Override public List<Proxy> select(URI uri) {
        asked.add(uri);
        return List.of(Proxy.NO_PROXY);
      }

      @Override public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
    };
  }

  private static JsonNode read(String file) throws IOException {
    return new ObjectMapper().readTree(MODEL.reference().resolve(file).toFile());
  }

  private static int[] ints(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
  }
}
