package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  private static final Path FILE = Path.of("config.json");

  private static JsonObject read(String text) throws ModelFormatException {
    return JsonReader.readObject(FILE, text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void everyKindOfValueIsRead() throws Exception {
    JsonObject json =
        read(
            """
            { "int": -7, "double": 1.5e-3, "yes": true, "no": false, "nothing": null,
              "text": "a\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00z", "empty": {}, "none": [],
              "list": [1, 2], "one": 9, "names": ["x", "y"], "inner": {"deep": "in"} }
            """);
    assertThat(json.requireInt("int", -10, 10)).isEqualTo(-7);
    assertThat(json.requireDouble("double", 0, 1)).isEqualTo(0.0015);
    assertThat(json.booleanOr("yes", false)).isTrue();
    assertThat(json.booleanOr("no", true)).isFalse();
    assertThat(json.has("nothing")).isFalse();
    assertThat(json.requireString("text")).isEqualTo("a\"\\/\b\f\n\r\t\u00e9\ud83d\ude00z");
    assertThat(json.requireObject("empty").fields()).isEmpty();
    assertThat(json.requireLongs("none", 3, 0, 9)).isEmpty();
    assertThat(json.requireLongs("list", 3, 0, 9)).containsExactly(1, 2);
    assertThat(json.longsOrEmpty("one", 3, 0, 9)).containsExactly(9);
    assertThat(json.stringsOrEmpty("names")).containsExactly("x", "y");
    assertThat(json.requireObject("inner").requireString("deep")).isEqualTo("in");
  }

  @Test
  void absentFieldsHaveTheirDefaults() throws Exception {
    JsonObject json = read("{\"null\": null}");
    assertThat(json.intOr("null", 3, 0, 9)).isEqualTo(3);
    assertThat(json.doubleOr("null", 0.5, 0, 9)).isEqualTo(0.5);
    assertThat(json.booleanOr("null", true)).isTrue();
    assertThat(json.stringOr("null", "x")).isEqualTo("x");
    assertThat(json.longsOrEmpty("null", 1, 0, 9)).isEmpty();
    assertThat(json.stringsOrEmpty("null")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "[]", "3", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
        "{\"a\":1}x", "{\"a\":1}{}", "{a:1}", "{\"a\" 1}", "{\"a\":tru}", "{\"a\":nul", "{\"a\":[1",
        "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}",
        "{\"a\":1e}", "{\"a\":--1}", "{\"a\":-}", "{\"a\":NaN}", "{\"a\":\"x}", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}", "{\"a\":\"\n\"}", "{\"a\":'x'}", "{/**/}"
      })
  void malformedTextIsRefused(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageStartingWith("config.json: JSON: ");
  }

  @Test
  void aKeyThatOccursTwiceIsRefused() {
    assertThatThrownBy(() -> read("{\"a\":1,\"b\":{\"c\":1,\"c\":2}}"))
        .hasMessageContaining("the key \"c\" occurs twice");
  }

  @Test
  void nestingIsBounded() throws Exception {
    int inner = JsonReader.MAX_DEPTH - 1;
    read("{\"a\":" + "[".repeat(inner) + "]".repeat(inner) + "}");
    assertThatThrownBy(() -> read("{\"a\":" + "[".repeat(100_000)))
        .hasMessageContaining("nested deeper than 32");
  }

  @Test
  void aNumberIsBoundedAndConvertedOnlyOnDemand() throws Exception {
    JsonObject json = read("{\"a\":1e999999999, \"b\":12345678901234567890}");
    assertThatThrownBy(() -> json.requireInt("a", 0, 9)).hasMessageContaining("is 1e999999999");
    assertThatThrownBy(() -> json.requireDouble("a", 0, 9)).hasMessageContaining("is 1e999999999");
    assertThatThrownBy(() -> json.requireInt("b", 0, 9)).hasMessageContaining("an integer");
    assertThatThrownBy(() -> read("{\"a\":" + "1".repeat(65) + "}"))
        .hasMessageContaining("at most 64 characters");
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    byte[] bytes = {'{', '"', (byte) 0xff, '"', ':', '1', '}'};
    assertThatThrownBy(() -> JsonReader.readObject(FILE, bytes)).hasMessageContaining("UTF-8");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "number | is 11, must be an integer from 0 to 10",
        "text | is seven, must be an integer from 0 to 10",
        "half | is 0.5, must be an integer from 0 to 10",
        "absent | is missing"
      })
  void anErrorNamesFileFieldValueAndLimit(String field, String problem) throws Exception {
    JsonObject json = read("{\"o\":{\"number\": 11, \"text\": \"seven\", \"half\": 0.5}}");
    assertThatThrownBy(() -> json.requireObject("o").requireInt(field, 0, 10))
        .hasMessage("config.json: o." + field + ": " + problem);
  }

  @Test
  void wrongTypesAreRefused() throws Exception {
    JsonObject json = read("{\"a\": 1, \"b\": [1, \"x\"], \"c\": \"" + "y".repeat(500) + "\"}");
    assertThatThrownBy(() -> json.booleanOr("a", true)).hasMessageContaining("true or false");
    assertThatThrownBy(() -> json.requireString("a")).hasMessageContaining("a string");
    assertThatThrownBy(() -> json.requireObject("a")).hasMessageContaining("an object");
    assertThatThrownBy(() -> json.stringsOrEmpty("a")).hasMessageContaining("array of strings");
    assertThatThrownBy(() -> json.stringsOrEmpty("b")).hasMessageContaining("array of strings");
    assertThatThrownBy(() -> json.requireLongs("a", 1, 0, 1)).hasMessageContaining("an array");
    assertThatThrownBy(() -> json.longsOrEmpty("b", 9, 0, 1)).hasMessageContaining("an integer");
    assertThatThrownBy(() -> json.longsOrEmpty("b", 1, 0, 1)).hasMessageContaining("at most 1");
    assertThatThrownBy(() -> json.requireDouble("c", 0, 1))
        .hasMessageContaining("yyy..., must be a number from 0.0 to 1.0")
        .hasMessageNotContaining("y".repeat(100));
  }

  @Test
  void aFileIsReadUpToItsLimit(@TempDir Path directory) throws Exception {
    Path file = Files.write(directory.resolve("f"), new byte[10]);
    assertThat(JsonReader.readBounded(file, 10)).hasSize(10);
    assertThatThrownBy(() -> JsonReader.readBounded(file, 9))
        .hasMessageContaining("longer than 9 bytes");
    assertThatThrownBy(() -> JsonReader.readBounded(directory.resolve("g"), 9))
        .hasMessageContaining("is missing");
  }
}
