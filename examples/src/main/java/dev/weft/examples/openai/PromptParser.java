package dev.weft.examples.openai;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the field {@code prompt}: a string, an array of token ids, or an array of strings or of
 * such arrays, each a prompt of its own.
 */
final class PromptParser {
  private static final String FIELD = "prompt";
  private static final int MAX_NUM_PROMPTS = 64;

  private final ServedModel model;
  private final JsonFields fields;

  PromptParser(ServedModel model, JsonFields fields) {
    this.model = model;
    this.fields = fields;
  }

  /** Token ids of each prompt. */
  List<int[]> prompts() throws ApiException {
    JsonNode value = fields.get(FIELD);
    if (value == null) {
      throw fields.bad(FIELD, "prompt is missing");
    }
    List<int[]> prompts = new ArrayList<>();
    if (value.isTextual() || (value.isArray() && value.path(0).isNumber())) {
      prompts.add(prompt(value));
    } else if (value.isArray() && !value.isEmpty() && value.size() <= MAX_NUM_PROMPTS) {
      for (JsonNode prompt : value) {
        prompts.add(prompt(prompt));
      }
    } else {
      throw fields.wrong(FIELD, value, "a string, an array of token ids, or an array of 1 to "
          + MAX_NUM_PROMPTS + " such");
    }
    return prompts;
  }

  private int[] prompt(JsonNode value) throws ApiException {
    if (value.isTextual() && isWellFormed(value.textValue())) {
      return model.tokenizer().encode(value.textValue());
    }
    if (!value.isArray() || value.isEmpty()) {
      throw fields.wrong(FIELD, value, "a string of whole characters or an array of token ids");
    }
    int[] tokens = new int[value.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode token = value.get(i);
      if (!token.isIntegralNumber() || !token.canConvertToInt() || token.intValue() < 0
          || token.intValue() >= model.vocabularySize()) {
        throw fields.wrong(FIELD + "[" + i + "]", token,
            "a token id, 0 to " + (model.vocabularySize() - 1));
      }
      tokens[i] = token.intValue();
    }
    return tokens;
  }

  /** True when every surrogate is half of a pair: the text has a UTF-8 form. */
  static boolean isWellFormed(String text) {
    return text.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE
        && c <= Character.MAX_SURROGATE);
  }
}
