package dev.weft.gpuexecutor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON object from memory, strictly (RFC 8259): no comments, no trailing commas, nothing
 * behind the object but white space.
 *
 * <p>The input is untrusted. Its size is bounded by the caller, its nesting by {@link #MAX_DEPTH},
 * the length of a number by {@link #MAX_NUMBER_LENGTH}; a key that occurs twice in one object is an
 * error, because two readers could then see two different models in one file.
 *
 * <p>Values are {@code Map<String, Object>} in file order, {@code List<Object>}, {@code String},
 * {@code Boolean}, {@link JsonNumber}, or null for JSON's null.
 */
final class JsonReader {
  static final int MAX_DEPTH = 32;
  static final int MAX_NUMBER_LENGTH = 64;

  private final Path file;
  private final String text;
  private int position;

  private JsonReader(Path file, String text) {
    this.file = file;
    this.text = text;
  }

  /**
   * Reads the object that {@code utf8} consists of.
   *
   * @param file only for error messages
   */
  static JsonObject readObject(Path file, byte[] utf8) throws ModelFormatException {
    return new JsonObject(file, "", readMembers(file, utf8));
  }

  /** The same as plain collections, for values that have no schema. */
  static Map<String, @Nullable Object> readMembers(Path file, byte[] utf8)
      throws ModelFormatException {
    JsonReader reader = new JsonReader(file, decode(file, utf8));
    reader.skipWhiteSpace();
    Map<String, @Nullable Object> members = reader.object(1);
    reader.skipWhiteSpace();
    if (reader.position != reader.text.length()) {
      throw reader.error("text behind the end of the object");
    }
    return members;
  }

  /** Reads a whole file of at most {@code maxSize} bytes. */
  static byte[] readBounded(Path file, int maxSize) throws IOException {
    if (!Files.exists(file)) {
      throw new ModelFormatException(file, "file", "is missing");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(maxSize + 1);
      if (content.length > maxSize) {
        throw new ModelFormatException(file, "file", "is longer than " + maxSize + " bytes");
      }
      return content;
    }
  }

  private static String decode(Path file, byte[] utf8) throws ModelFormatException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file, "JSON", "not valid UTF-8");
    }
  }

  private @Nullable Object value(int depth) throws ModelFormatException {
    return switch (peek()) {
      case '{' -> object(depth + 1);
      case '[' -> array(depth + 1);
      case '"' -> string();
      case 't' -> literal("true", true);
      case 'f' -> literal("false", false);
      case 'n' -> literal("null", null);
      default -> number();
    };
  }

  private Map<String, @Nullable Object> object(int depth) throws ModelFormatException {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    open('{', depth);
    if (closes('}')) {
      return members;
    }
    do {
      skipWhiteSpace();
      String key = string();
      skipWhiteSpace();
      expect(':');
      skipWhiteSpace();
      if (members.containsKey(key)) {
        throw error("the key \"" + key + "\" occurs twice");
      }
      members.put(key, value(depth));
    } while (continues('}'));
    return members;
  }

  private List<@Nullable Object> array(int depth) throws ModelFormatException {
    List<@Nullable Object> elements = new ArrayList<>();
    open('[', depth);
    if (closes(']')) {
      return elements;
    }
    do {
      skipWhiteSpace();
      elements.add(value(depth));
    } while (continues(']'));
    return elements;
  }

  private void open(char bracket, int depth) throws ModelFormatException {
    if (depth > MAX_DEPTH) {
      throw error("nested deeper than " + MAX_DEPTH);
    }
    expect(bracket);
  }

  /** Consumes the closing bracket of an empty object or array, if it comes next. */
  private boolean closes(char bracket) throws ModelFormatException {
    skipWhiteSpace();
    if (peek() != bracket) {
      return false;
    }
    position++;
    return true;
  }

  /** Consumes a comma (true) or the closing bracket (false). */
  private boolean continues(char bracket) throws ModelFormatException {
    skipWhiteSpace();
    char c = peek();
    if (c != ',' && c != bracket) {
      throw error("expected ',' or '" + bracket + "'");
    }
    position++;
    return c == ',';
  }

  private String string() throws ModelFormatException {
    expect('"');
    StringBuilder content = new StringBuilder();
    for (char c = next(); c != '"'; c = next()) {
      if (c < 0x20) {
        throw error("control character in a string");
      }
      content.append(c == '\\' ? escape() : c);
    }
    return content.toString();
  }

  private char escape() throws ModelFormatException {
    char c = next();
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicodeEscape();
      default -> throw error("unknown escape in a string");
    };
  }

  private char unicodeEscape() throws ModelFormatException {
    int code = 0;
    for (int i = 0; i < 4; i++) {
      int digit = Character.digit(next(), 16);
      if (digit < 0) {
        throw error("unknown escape in a string");
      }
      code = code * 16 + digit;
    }
    return (char) code;
  }

  private @Nullable Object literal(String word, @Nullable Object value)
      throws ModelFormatException {
    if (!text.startsWith(word, position)) {
      throw error("expected a value");
    }
    position += word.length();
    return value;
  }

  private JsonNumber number() throws ModelFormatException {
    int start = position;
    while (position < text.length() && "+-.0123456789eE".indexOf(text.charAt(position)) >= 0) {
      position++;
    }
    String number = text.substring(start, position);
    if (number.isEmpty()) {
      throw error("expected a value");
    }
    if (number.length() > MAX_NUMBER_LENGTH || !JsonNumber.isNumber(number)) {
      position = start;
      throw error("not a number of at most " + MAX_NUMBER_LENGTH + " characters");
    }
    return new JsonNumber(number);
  }

  private void skipWhiteSpace() {
    while (position < text.length() && " \t\n\r".indexOf(text.charAt(position)) >= 0) {
      position++;
    }
  }

  private void expect(char c) throws ModelFormatException {
    if (peek() != c) {
      throw error("expected '" + c + "'");
    }
    position++;
  }

  private char next() throws ModelFormatException {
    char c = peek();
    position++;
    return c;
  }

  private char peek() throws ModelFormatException {
    if (position >= text.length()) {
      throw error("ends too early");
    }
    return text.charAt(position);
  }

  private ModelFormatException error(String problem) {
    return new ModelFormatException(file, "JSON", problem + " (at character " + position + ")");
  }
}
