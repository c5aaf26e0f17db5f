package dev.weft.examples.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a JSON object that a client sent; a field that is null counts as not there. What is
 * wrong is told with field, value and what is allowed.
 */
final class JsonFields {
  private static final int MAX_SHOWN_LENGTH = 60;

  private final ObjectNode object;
  private final String prefix;

  /**
   * @param prefix  in front of every name in messages; empty at the top
   * @param allowed names of all fields there may be
   */
  JsonFields(ObjectNode object, String prefix, Set<String> allowed) throws ApiException {
    this.object = object;
    this.prefix = prefix;
    for (var field : object.properties()) {
      if (!allowed.contains(field.getKey())) {
        throw bad(field.getKey(), prefix + field.getKey() + " is not a field of this API, or one "
            + "that this server does not know");
      }
    }
  }

  /** The value of a field; null when it is not there. */
  @Nullable JsonNode get(String name) {
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? null : value;
  }

  boolean flag(String name, boolean absent) throws ApiException {
    JsonNode value = get(name);
    if (value == null) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw wrong(name, value, "true or false");
    }
    return value.booleanValue();
  }

  int integer(String name, int absent, int min, int max) throws ApiException {
    JsonNode value = get(name);
    if (value == null) {
      return absent;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < min
        || value.intValue() > max) {
      throw wrong(name, value, "an integer of " + min + " to " + max);
    }
    return value.intValue();
  }

  @Nullable Long longInteger(String name) throws ApiException {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong(name, value, "an integer of 64 bits");
    }
    return value.longValue();
  }

  float number(String name, float absent, float min, float max) throws ApiException {
    JsonNode value = get(name);
    return value == null ? absent : number(name, value, min, max);
  }

  /** A number at any place of the object. */
  float number(String name, JsonNode value, float min, float max) throws ApiException {
    if (!value.isNumber() || value.doubleValue() < min || value.doubleValue() > max) {
      throw wrong(name, value, "a number of " + min + " to " + max);
    }
    return value.floatValue();
  }

  @Nullable String text(String name, int maxLength) throws ApiException {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual() || value.textValue().length() > maxLength) {
      throw wrong(name, value, "a string of at most " + maxLength + " characters");
    }
    return value.textValue();
  }

  /** Refuses a field that is there. */
  ApiException wrong(String name, JsonNode value, String allowed) {
    String shown = value.toString();
    if (shown.length() > MAX_SHOWN_LENGTH) {
      shown = shown.substring(0, MAX_SHOWN_LENGTH) + "…";
    }
    return bad(name, prefix + name + " is " + shown + ", must be " + allowed);
  }

  ApiException bad(String name, String message) {
    return new ApiException(ApiError.badRequest(prefix + name, message));
  }
}
