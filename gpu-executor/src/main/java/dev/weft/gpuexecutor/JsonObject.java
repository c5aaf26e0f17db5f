package dev.weft.gpuexecutor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of a model file, read by type. Every refusal is a {@link ModelFormatException} that
 * names the file, the full path of the field, the value and the limit.
 */
final class JsonObject {
  private static final int MAX_SHOWN_LENGTH = 80;

  private final Path file;
  private final String prefix;
  private final Map<String, @Nullable Object> members;

  /**
   * @param prefix path of this object inside the file with a dot at its end; empty for the root
   */
  JsonObject(Path file, String prefix, Map<String, @Nullable Object> members) {
    this.file = file;
    this.prefix = prefix;
    this.members = members;
  }

  Set<String> fields() {
    return members.keySet();
  }

  /** Whether the field is there and not null. */
  boolean has(String field) {
    return members.get(field) != null;
  }

  int requireInt(String field, int min, int max) throws ModelFormatException {
    require(field);
    return (int) toLong(field, members.get(field), min, max);
  }

  int intOr(String field, int whenAbsent, int min, int max) throws ModelFormatException {
    return has(field) ? requireInt(field, min, max) : whenAbsent;
  }

  /** A finite number in {@code [min, max]}; {@code whenAbsent} when the field is absent or null. */
  double doubleOr(String field, double whenAbsent, double min, double max)
      throws ModelFormatException {
    return has(field) ? requireDouble(field, min, max) : whenAbsent;
  }

  double requireDouble(String field, double min, double max) throws ModelFormatException {
    require(field);
    if (members.get(field) instanceof JsonNumber number) {
      double value = number.toDouble();
      if (value >= min && value <= max) {
        return value;
      }
    }
    throw wrong(field, "a number from " + min + " to " + max);
  }

  boolean booleanOr(String field, boolean whenAbsent) throws ModelFormatException {
    if (!has(field)) {
      return whenAbsent;
    }
    if (members.get(field) instanceof Boolean value) {
      return value;
    }
    throw wrong(field, "true or false");
  }

  String stringOr(String field, String whenAbsent) throws ModelFormatException {
    return has(field) ? requireString(field) : whenAbsent;
  }

  String requireString(String field) throws ModelFormatException {
    require(field);
    if (members.get(field) instanceof String value) {
      return value;
    }
    throw wrong(field, "a string");
  }

  JsonObject requireObject(String field) throws ModelFormatException {
    require(field);
    if (members.get(field) instanceof Map<?, ?> object) {
      @SuppressWarnings("unchecked") // the reader makes only this kind of map
      Map<String, @Nullable Object> value = (Map<String, @Nullable Object>) object;
      return new JsonObject(file, prefix + field + ".", value);
    }
    throw wrong(field, "an object");
  }

  /** An array of integers, or one integer for an array of length one; empty when absent. */
  long[] longsOrEmpty(String field, int maxLength, long min, long max)
      throws ModelFormatException {
    if (!has(field)) {
      return new long[0];
    }
    Object value = members.get(field);
    List<?> elements = value instanceof List<?> list ? list : List.of(value);
    if (elements.size() > maxLength) {
      throw wrong(field, "an array of at most " + maxLength + " integers");
    }
    long[] longs = new long[elements.size()];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = toLong(field, elements.get(i), min, max);
    }
    return longs;
  }

  /** An array of integers, which must be there. */
  long[] requireLongs(String field, int maxLength, long min, long max)
      throws ModelFormatException {
    require(field);
    if (!(members.get(field) instanceof List<?>)) {
      throw wrong(field, "an array");
    }
    return longsOrEmpty(field, maxLength, min, max);
  }

  /** An array of strings; empty when absent. */
  List<String> stringsOrEmpty(String field) throws ModelFormatException {
    List<String> strings = new ArrayList<>();
    if (!has(field)) {
      return strings;
    }
    if (!(members.get(field) instanceof List<?> elements)) {
      throw wrong(field, "an array of strings");
    }
    for (Object element : elements) {
      if (!(element instanceof String string)) {
        throw wrong(field, "an array of strings");
      }
      strings.add(string);
    }
    return strings;
  }

  /** The error "this field has that value, but …". */
  ModelFormatException error(String field, String problem) {
    return new ModelFormatException(file, prefix + field, problem);
  }

  /** The error for a field whose value is of the wrong type or out of range. */
  ModelFormatException wrong(String field, String accepted) {
    String value = String.valueOf(members.get(field));
    if (value.length() > MAX_SHOWN_LENGTH) {
      value = value.substring(0, MAX_SHOWN_LENGTH) + "...";
    }
    return error(field, "is " + value + ", must be " + accepted);
  }

  private void require(String field) throws ModelFormatException {
    if (!has(field)) {
      throw error(field, "is missing");
    }
  }

  private long toLong(String field, @Nullable Object value, long min, long max)
      throws ModelFormatException {
    if (value instanceof JsonNumber number && number.isInteger()) {
      long result = number.toLong();
      if (result >= min && result <= max) {
        return result;
      }
    }
    throw wrong(field, "an integer from " + min + " to " + max);
  }
}
