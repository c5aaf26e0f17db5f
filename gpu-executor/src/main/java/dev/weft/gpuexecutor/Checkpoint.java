package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tensors of a model directory, wherever they lie: in {@code model.safetensors}, or in the
 * shards that {@code model.safetensors.index.json} lists (the index wins when both are there).
 */
final class Checkpoint {
  static final String SINGLE_FILE = "model.safetensors";
  static final String INDEX_FILE = "model.safetensors.index.json";
  private static final int MAX_INDEX_SIZE = 64 << 20;

  private final Path source;
  private final Map<String, StoredTensor> tensors;
  private final Set<String> unclaimed;

  private Checkpoint(Path source, Map<String, StoredTensor> tensors) {
    this.source = source;
    this.tensors = tensors;
    this.unclaimed = new HashSet<>(tensors.keySet());
  }

  /** Reads and checks all headers; no weights. */
  static Checkpoint open(Path directory) throws IOException {
    Path index = directory.resolve(INDEX_FILE);
    if (Files.exists(index)) {
      return new Checkpoint(index, shards(directory, index));
    }
    Path file = directory.resolve(SINGLE_FILE);
    if (!Files.exists(file)) {
      throw new ModelFormatException(
          directory, "weights", "neither " + SINGLE_FILE + " nor " + INDEX_FILE + " is there");
    }
    return new Checkpoint(file, SafetensorsHeader.read(file));
  }

  /** Returns the tensor of that name and notes that the model uses it. */
  StoredTensor claim(String name) throws ModelFormatException {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new ModelFormatException(source, name, "this tensor is missing");
    }
    unclaimed.remove(name);
    return tensor;
  }

  /** Notes that the model knows this tensor, if it is there, and has no use for it. */
  void ignore(String name) {
    unclaimed.remove(name);
  }

  /** Refuses a checkpoint with tensors that the model would silently leave out. */
  void checkNothingLeft() throws ModelFormatException {
    List<String> left = new ArrayList<>(new TreeSet<>(unclaimed));
    if (left.isEmpty()) {
      return;
    }
    String name = left.get(0);
    String kind = name.endsWith(".bias") ? "bias is not supported" : "unknown tensor";
    String others = left.size() == 1 ? "" : " (and " + (left.size() - 1) + " others)";
    throw new ModelFormatException(source, name, kind + others);
  }

  private static Map<String, StoredTensor> shards(Path directory, Path index)
      throws IOException {
    byte[] text = JsonReader.readBounded(index, MAX_INDEX_SIZE);
    JsonObject weightMap = JsonReader.readObject(index, text).requireObject("weight_map");
    Map<String, Map<String, StoredTensor>> shards = new HashMap<>();
    Map<String, StoredTensor> tensors = new HashMap<>();
    for (String name : weightMap.fields()) {
      String shardName = weightMap.requireString(name);
      Map<String, StoredTensor> shard = shards.get(shardName);
      if (shard == null) {
        shard = SafetensorsHeader.read(shardFile(directory, weightMap, name, shardName));
        shards.put(shardName, shard);
      }
      StoredTensor tensor = shard.get(name);
      if (tensor == null) {
        throw weightMap.wrong(name, "the shard that holds this tensor");
      }
      tensors.put(name, tensor);
    }
    return tensors;
  }

  /** The index may name files of its own directory only. */
  private static Path shardFile(
      Path directory, JsonObject weightMap, String name, String shardName)
      throws ModelFormatException {
    if (!shardName.matches("[A-Za-z0-9._-]+\\.safetensors")) {
      throw weightMap.wrong(name, "the plain name of a .safetensors file");
    }
    Path file = directory.resolve(shardName);
    if (!Files.exists(file)) {
      throw weightMap.wrong(name, "a file of the same directory");
    }
    return file;
  }
}
