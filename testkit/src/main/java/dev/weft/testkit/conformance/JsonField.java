package dev.weft.testkit.conformance;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A value of a JSON text and the path to it, so that whatever is wrong with it can be said by name.
 * A missing field and one that is null are the same.
 */
record JsonField(String path, @Nullable Object value) {
  /** The field of that name; this must be an object. */
  JsonField at(String name) {
    return new JsonField(path.isEmpty() ? name : path + "." + name, object().get(name));
  }

  boolean isPresent() {
    return value != null;
  }

  @SuppressWarnings("unchecked")
  Map<String, @Nullable Object> object() {
    if (!(value instanceof Map<?, ?>)) {
      throw wrong("an object");
    }
    return (Map<String, @Nullable Object>) value;
  }

  /** The elements of an array; none when it is absent. */
  List<JsonField> elements() {
    List<JsonField> elements = new ArrayList<>();
    if (value != null) {
      if (!(value instanceof List<?> list)) {
        throw wrong("an array");
      }
      for (int i = 0; i < list.size(); i++) {
        elements.add(new JsonField(path + "[" + i + "]", list.get(i)));
      }
    }
    return elements;
  }

  String text() {
    if (!(value instanceof String text)) {
      throw wrong("a string");
    }
    return text;
  }

  boolean flag(boolean ifAbsent) {
    if (value == null) {
      return ifAbsent;
    }
    if (!(value instanceof Boolean flag)) {
      throw wrong("true or false");
    }
    return flag;
  }

  long whole() {
    if (!(value instanceof Long number)) {
      throw wrong("a whole number of 64 bits");
    }
    return number;
  }

  /** A whole number from {@code min} to {@code max}. */
  int whole(int min, int max) {
    if (!(value instanceof Long number) || number < min || number > max) {
      throw wrong("a whole number from " + min + " to " + max);
    }
    return number.intValue();
  }

  int wholeOr(int ifAbsent, int min, int max) {
    return value == null ? ifAbsent : whole(min, max);
  }

  BigDecimal number() {
    if (value instanceof Long whole) {
      return BigDecimal.valueOf(whole);
    }
    if (!(value instanceof BigDecimal number)) {
      throw wrong("a number");
    }
    return number;
  }

  ScenarioFormatException wrong(String wanted) {
    String found = value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
    String shown = found.length() > 60 ? found.substring(0, 60) + "…" : found;
    return new ScenarioFormatException(path + " is " + (value == null ? "absent" : shown)
        + ", must be " + wanted);
  }
}
