package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {
  @TempDir private Path directory;

  private Map<String, StoredTensor> read(byte[] content) throws Exception {
    return SafetensorsHeader.read(Files.write(directory.resolve("m.safetensors"), content));
  }

  private Map<String, StoredTensor> read(String entries, int numDataBytes) throws Exception {
    return read(TinyCheckpoint.safetensors("{" + entries + "}", new byte[numDataBytes]));
  }

  private static String entry(String name, String type, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, type, shape, begin, end);
  }

  @Test
  void entriesAreLocatedInTheFile() throws Exception {
    String entries =
        "\"__metadata__\":{\"x\":\"y\"},"
            + entry("b", "BF16", "[2,3]", 8, 20)
            + ","
            + entry("a", "F32", "[2]", 0, 8);
    Map<String, StoredTensor> tensors = read(entries, 20);
    assertThat(tensors.keySet()).containsExactly("b", "a");
    StoredTensor a = Objects.requireNonNull(tensors.get("a"));
    StoredTensor b = Objects.requireNonNull(tensors.get("b"));
    assertThat(b.shape()).containsExactly(2, 3);
    assertThat(b.byteSize()).isEqualTo(12);
    assertThat(b.fileOffset()).isEqualTo(a.fileOffset() + 8);
    assertThat(b.fileOffset() + b.byteSize()).isEqualTo(Files.size(b.file()));
  }

  @Test
  void aTypeThatIsNotAWeightIsOnlyLocated() throws Exception {
    assertThat(read(entry("ids", "I64", "[1]", 0, 8), 8)).containsKey("ids");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, 0, 1, 3, 100_000_001, Long.MAX_VALUE})
  void aHostileHeaderLengthIsRefused(long headerSize) {
    byte[] file =
        ByteBuffer.allocate(10)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(headerSize)
            .put(new byte[] {'{', '}'})
            .array();
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(
            "header length: is " + Long.toUnsignedString(headerSize) + ", must be from 2 to 2");
  }

  @Test
  void aFileWithoutLengthIsRefused() {
    assertThatThrownBy(() -> read(new byte[7])).hasMessageContaining("has 7 bytes");
  }

  @Test
  void aTruncatedFileIsRefused() {
    assertThatThrownBy(() -> read(entry("a", "F32", "[4]", 0, 16), 15))
        .hasMessageContaining("a.data_offsets: is [0, 16], must be within the 15 data bytes");
  }

  @Test
  void bytesWithoutTensorAreRefused() {
    assertThatThrownBy(() -> read(entry("a", "F32", "[4]", 0, 16), 17))
        .hasMessageContaining("1 bytes at the end belong to no tensor");
  }

  @Test
  void tensorsNeitherOverlapNorLeaveGaps() {
    String a = entry("a", "F32", "[2]", 0, 8) + ",";
    assertThatThrownBy(() -> read(a + entry("b", "F32", "[2]", 4, 12), 12))
        .hasMessageContaining("b: begins at 4, overlaps with the tensor that ends at 8");
    assertThatThrownBy(() -> read(a + entry("b", "F32", "[1]", 12, 16), 16))
        .hasMessageContaining("b: begins at 12, leaves a gap behind the tensor that ends at 8");
  }

  @Test
  void twoTensorsOfOneNameAreRefused() {
    String a = entry("a", "F32", "[1]", 0, 4);
    assertThatThrownBy(() -> read(a + "," + a, 4)).hasMessageContaining("occurs twice");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[4]  | [8, 4]   | begin and end, in this order",
        "[4]  | [0]      | begin and end, in this order",
        "[4]  | [0,8,16] | an array of at most 2 integers",
        "[4]  | [-4, 12] | an integer from 0",
        "[4]  | [0, 1e1] | an integer from 0",
        "[4]  | [0, 99999999999999999999] | an integer from 0",
        "[4]  | 0        | an array",
        "[4]  | [0, 8]   | 16 bytes long by dtype and shape",
        "[-4] | [0, 16]  | an integer from 0",
        "[1099511627776,1099511627776] | [0, 16] | less than 2^63 bytes",
        "[1099511627776,4194304] | [0, 16] | less than 2^63 bytes",
        "[1,1,1,1,1,1,1,1,4] | [0, 16] | at most 8",
        "4    | [0, 16]  | an array"
      })
  void contradictionsAreRefused(String shape, String offsets, String problem) {
    String entry = "\"a\":{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":" + offsets;
    assertThatThrownBy(() -> read(entry + "}", 16))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("a.")
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dtype", "shape", "data_offsets"})
  void anEntryIsComplete(String field) {
    String entry = entry("a", "F32", "[4]", 0, 16).replace(field, "other");
    assertThatThrownBy(() -> read(entry, 16))
        .hasMessageContaining("a." + field + ": is missing");
  }
}
