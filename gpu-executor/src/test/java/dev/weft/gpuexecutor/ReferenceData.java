package dev.weft.gpuexecutor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The trained models of this repository and what torch computed with them. */
final class ReferenceData {
  /** Largest difference between float32 implementations; see model/reference/README.md. */
  static final float LOGIT_TOLERANCE = 1e-4f;

  private static final Path ROOT = root();
  private static final HostModel TARGET = load("target");
  private static final HostModel DRAFT = load("draft");

  /**
   * One prompt with the reference of one model.
   *
   * @param greedy the 64 tokens that follow
   * @param logitPositions positions in prompt + greedy
   * @param logits the stored row behind each of these positions
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Prompt(String name, int[] tokens, int[] greedy, int[] logitPositions, float[][] logits) {
    /** Prompt and continuation together. */
    int[] all() {
      int[] all = Arrays.copyOf(tokens, tokens.length + greedy.length);
      System.arraycopy(greedy, 0, all, tokens.length, greedy.length);
      return all;
    }
  }

  private ReferenceData() {}

  /** Tests run in the folder of the module or of the repository. */
  private static Path root() {
    Path inModule = Path.of("..", "model");
    return Files.isDirectory(inModule) ? inModule : Path.of("model");
  }

  private static HostModel load(String name) {
    try {
      return HostModel.load(ROOT.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The model called {@code target} or {@code draft}. */
  static HostModel model(String name) {
    return name.equals("target") ? TARGET : DRAFT;
  }

  /** Where that model lies. */
  static Path directory(String name) {
    return ROOT.resolve(name);
  }

  /** All prompts with the reference of that model. */
  static List<Prompt> prompts(String model) throws IOException {
    Path folder = ROOT.resolve("reference");
    Path file = folder.resolve("reference.json");
    Map<String, ?> json = JsonReader.readMembers(file, Files.readAllBytes(file));
    Map<String, StoredTensor> logits =
        SafetensorsHeader.read(folder.resolve("logits.safetensors"));
    List<Prompt> prompts = new ArrayList<>();
    for (Object entry : (List<?>) member(json, "prompts")) {
      Map<?, ?> prompt = (Map<?, ?>) entry;
      Map<?, ?> reference = (Map<?, ?>) member((Map<?, ?>) member(prompt, "greedy"), model);
      String name = (String) member(prompt, "name");
      prompts.add(
          new Prompt(
              name,
              ints(member(prompt, "token_ids")),
              ints(member(reference, "tokens")),
              ints(member(reference, "logit_positions")),
              rows(Objects.requireNonNull(logits.get(model + "." + name + ".logits")))));
    }
    return prompts;
  }

  private static Object member(Map<?, ?> object, String key) {
    return Objects.requireNonNull(object.get(key), key);
  }

  private static int[] ints(Object list) {
    return ((List<?>) list).stream().mapToInt(n -> (int) ((JsonNumber) n).toLong()).toArray();
  }

  private static float[][] rows(StoredTensor tensor) throws IOException {
    float[][] all = new float[(int) tensor.shape()[0]][];
    TensorRows.read(
        tensor,
        StorageType.F32,
        (firstRow, rows, numRows) -> {
          for (int i = 0; i < numRows; i++) {
            all[(int) firstRow + i] = rows[i].clone();
          }
        });
    return all;
  }
}
