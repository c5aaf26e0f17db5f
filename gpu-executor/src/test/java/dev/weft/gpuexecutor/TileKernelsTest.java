package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class TileKernelsTest {
  /** HotSpot's default for FreqInlineSize: C2 never inlines a longer method. */
  private static final int FREQ_INLINE_SIZE = 325;

  @Test
  void everyKernelIsTooLongToBeInlined() throws Exception {
    Map<String, Integer> sizes = bytecodeSizes(TileKernels.class);
    assertThat(sizes).containsKeys("add3x3", "add2x2", "add1x4", "add1x1");
    sizes.forEach(
        (name, size) -> {
          if (name.startsWith("add")) {
            assertThat(size).as(name).isGreaterThan(FREQ_INLINE_SIZE);
          }
        });
  }

  @Test
  void aNegativeColumnIsRefused() {
    float[] row = new float[4];
    assertThatThrownBy(() -> TileKernels.add1x1(row, row, 1, -4, 4))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> TileKernels.add1x1(row, row, 1, -3, 4))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  /** Reads the length of each method's code from the class file (JVM specification, chapter 4). */
  private static Map<String, Integer> bytecodeSizes(Class<?> type) throws IOException {
    String resource = type.getSimpleName() + ".class";
    try (InputStream stream = Objects.requireNonNull(type.getResourceAsStream(resource));
        DataInputStream in = new DataInputStream(stream)) {
      in.readFully(new byte[8]);
      String[] names = constantStrings(in);
      in.readFully(new byte[6]);
      in.readFully(new byte[2 * in.readUnsignedShort()]);
      readMembers(in, names, new LinkedHashMap<>());
      Map<String, Integer> sizes = new LinkedHashMap<>();
      readMembers(in, names, sizes);
      return sizes;
    }
  }

  private static String[] constantStrings(DataInputStream in) throws IOException {
    String[] strings = new String[in.readUnsignedShort()];
    for (int i = 1; i < strings.length; i++) {
      int tag = in.readUnsignedByte();
      switch (tag) {
        case 1 -> strings[i] = in.readUTF();
        case 7, 8, 16, 19, 20 -> in.readUnsignedShort();
        case 15 -> in.readFully(new byte[3]);
        case 5, 6 -> {
          in.readLong();
          i++; // long and double take two entries
        }
        default -> in.readInt();
      }
    }
    return strings;
  }

  private static void readMembers(DataInputStream in, String[] names, Map<String, Integer> sizes)
      throws IOException {
    int numMembers = in.readUnsignedShort();
    for (int i = 0; i < numMembers; i++) {
      in.readUnsignedShort();
      String name = names[in.readUnsignedShort()];
      in.readUnsignedShort();
      int numAttributes = in.readUnsignedShort();
      for (int j = 0; j < numAttributes; j++) {
        String attribute = names[in.readUnsignedShort()];
        byte[] content = new byte[in.readInt()];
        in.readFully(content);
        if (attribute.equals("Code")) {
          // max_stack u2, max_locals u2, code_length u4
          sizes.put(name, ((content[6] & 255) << 8) | (content[7] & 255));
        }
      }
    }
  }
}
