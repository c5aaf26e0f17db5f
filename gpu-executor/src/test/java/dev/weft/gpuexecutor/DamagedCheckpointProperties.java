package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever happened to the files: a model, or a clear error; nothing else, and no memory bomb. */
class DamagedCheckpointProperties {
  private static final String[] FILES = {LlamaConfig.FILE, Checkpoint.SINGLE_FILE};
  private static Path directory = Path.of("");

  @BeforeContainer
  static void write() throws IOException {
    directory = Files.createTempDirectory("damaged-checkpoint");
  }

  @AfterContainer
  static void remove() throws IOException {
    for (String file : FILES) {
      Files.deleteIfExists(directory.resolve(file));
    }
    Files.delete(directory);
  }

  @Property(tries = 1500)
  void aDamagedFileIsReadOrRefused(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    new TinyCheckpoint().write(directory);
    Path file = directory.resolve(FILES[random.nextInt(2)]);
    Files.write(file, damaged(Files.readAllBytes(file), random));
    try {
      assertThat(HostModel.load(directory).vocabularySize()).isPositive();
    } catch (ModelFormatException e) {
      assertThat(e).hasMessageStartingWith(directory.toString());
    }
  }

  /** Damage falls on the first bytes mostly, where lengths and the header are. */
  private static byte[] damaged(byte[] content, Random random) {
    byte[] bytes = content;
    for (int i = random.nextInt(3); i >= 0; i--) {
      int place = random.nextInt(1 + random.nextInt(bytes.length));
      switch (random.nextInt(4)) {
        case 0 -> bytes[place] = (byte) random.nextInt(256);
        case 1 -> bytes[place] = (byte) "0123456789-+.eE[]{}\",: \\".charAt(random.nextInt(24));
        case 2 -> bytes = Arrays.copyOf(bytes, 1 + place);
        default -> bytes = doubled(bytes, place, random.nextInt(40));
      }
    }
    return bytes;
  }

  /** Repeats some bytes, so that keys and entries occur twice. */
  private static byte[] doubled(byte[] bytes, int from, int count) {
    int end = Math.min(bytes.length, from + count);
    byte[] result = Arrays.copyOf(bytes, bytes.length + end - from);
    System.arraycopy(bytes, from, result, end, bytes.length - from);
    return result;
  }
}
