package dev.weft.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Prompts that the model was not trained on, and a text to put in front of some, as token ids. Each
 * of them begins with the token that begins every text.
 */
final class Prompts {
  private static final String SHARED_PREFIX = "prefix_c";

  private final List<int[]> prompts;
  private final int[] sharedPrefix;

  private Prompts(List<int[]> prompts, int[] sharedPrefix) {
    this.prompts = prompts;
    this.sharedPrefix = sharedPrefix;
  }

  /** Encodes the held-out prompts and takes the ids of the shared prefix as they were recorded. */
  static Prompts read(ModelFolder model, AustenTokenizer tokenizer) throws IOException {
    ObjectMapper json = new ObjectMapper();
    JsonNode heldOut = json.readTree(model.reference().resolve("heldout_prompts.json").toFile());
    List<int[]> prompts = new ArrayList<>();
    for (JsonNode prompt : heldOut.get("prompts")) {
      prompts.add(tokenizer.encode(prompt.get("text").textValue()));
    }
    JsonNode reference = json.readTree(model.reference().resolve("reference.json").toFile());
    return new Prompts(prompts, sharedPrefix(reference));
  }

  private static int[] sharedPrefix(JsonNode reference) {
    for (JsonNode prompt : reference.get("prompts")) {
      if (prompt.get("name").textValue().equals(SHARED_PREFIX)) {
        JsonNode ids = prompt.get("token_ids");
        int[] tokens = new int[ids.size()];
        Arrays.setAll(tokens, i -> ids.get(i).intValue());
        return tokens;
      }
    }
    throw new IllegalArgumentException("no prompt " + SHARED_PREFIX + " in reference.json");
  }

  /** A prompt as it is. */
  int[] prompt(int index) {
    return prompts.get(index).clone();
  }

  /** The ids that {@link #behindSharedPrefix} puts in front. */
  int[] sharedPrefix() {
    return sharedPrefix.clone();
  }

  /** A prompt with the shared prefix in front, in which only one token begins a text. */
  int[] behindSharedPrefix(int index) {
    int[] prompt = prompts.get(index);
    int[] joined = Arrays.copyOf(sharedPrefix, sharedPrefix.length + prompt.length - 1);
    System.arraycopy(prompt, 1, joined, sharedPrefix.length, prompt.length - 1);
    return joined;
  }
}
