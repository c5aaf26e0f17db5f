package dev.weft.examples.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * What single tokens are called where log-probabilities are listed: their text, or {@code
 * bytes:\xe2\x80} for tokens that are no whole characters.
 *
 * <p>The vocabulary of a byte-level tokenizer writes every byte as a printable character. Those of
 * Latin-1 that print stand for themselves, the others follow each other from U+0100 on (Radford et
 * al., Language Models are Unsupervised Multitask Learners, 2019).
 */
final class TokenNames {
  private static final int[] BYTE_OF_CHARACTER = byteOfCharacter();

  private final String[] names;

  private TokenNames(String[] names) {
    this.names = names;
  }

  /**
   * Reads the vocabulary of a byte-level tokenizer.
   *
   * @param directory holds {@code tokenizer.json}
   */
  static TokenNames load(Path directory, int vocabularySize) throws IOException {
    JsonNode tokenizer = new ObjectMapper().readTree(directory.resolve("tokenizer.json").toFile());
    String[] names = new String[vocabularySize];
    for (int i = 0; i < vocabularySize; i++) {
      names[i] = "token:" + i; // For ids that a model has and its tokenizer does not use.
    }
    for (Map.Entry<String, JsonNode> entry : tokenizer.at("/model/vocab").properties()) {
      names[entry.getValue().intValue()] = name(bytes(entry.getKey()));
    }
    for (JsonNode added : tokenizer.path("added_tokens")) {
      names[added.get("id").intValue()] = added.get("content").textValue();
    }
    return new TokenNames(names);
  }

  String of(int token) {
    return names[token];
  }

  private static String name(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      StringBuilder name = new StringBuilder("bytes:");
      for (byte b : bytes) {
        name.append(String.format(Locale.ROOT, "\\x%02x", b));
      }
      return name.toString();
    }
  }

  private static byte[] bytes(String characters) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    characters.chars().forEach(c -> bytes.write(BYTE_OF_CHARACTER[c]));
    return bytes.toByteArray();
  }

  private static int[] byteOfCharacter() {
    int[] byteOf = new int[512];
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean prints = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      byteOf[prints ? b : next++] = b;
    }
    return byteOf;
  }
}
