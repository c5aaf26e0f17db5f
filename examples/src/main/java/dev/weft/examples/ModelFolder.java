package dev.weft.examples;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder with the model that comes with the examples: {@code target/} holds weights and
 * tokenizer, {@code reference/} the prompts.
 */
public record ModelFolder(Path root) {
  /** Checks that the files are there, so that a wrong folder is named before anything is loaded. */
  public ModelFolder {
    for (String file : new String[] {
        "target/config.json", "target/tokenizer.json", "target/model.safetensors",
        "reference/heldout_prompts.json", "reference/reference.json"}) {
      if (!Files.isRegularFile(root.resolve(file))) {
        throw new IllegalArgumentException("no " + file + " in the model folder " + root);
      }
    }
  }

  /** The folder {@code model} of the working directory or of the nearest one above that has it. */
  public static ModelFolder nearest() {
    return nearest(Path.of("").toAbsolutePath());
  }

  static ModelFolder nearest(Path start) {
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.isRegularFile(folder.resolve("model/target/config.json"))) {
        return new ModelFolder(folder.resolve("model"));
      }
    }
    throw new IllegalArgumentException("no model/target/config.json in " + start
        + " or above; say where it is with --model DIR");
  }

  /** Weights and tokenizer. */
  public Path target() {
    return root.resolve("target");
  }

  /** The small model that drafts for the other one. */
  public Path draft() {
    return root.resolve("draft");
  }

  Path reference() {
    return root.resolve("reference");
  }
}
