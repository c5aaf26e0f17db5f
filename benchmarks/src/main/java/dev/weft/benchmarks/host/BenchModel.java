package dev.weft.benchmarks.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The models that are measured. */
enum BenchModel {
  /** The shipped draft model. */
  DRAFT("draft-0.6M", new ModelShape(128, 2, 4, 2, 32, 352, 1024), 64),

  /** The shipped target model. */
  TARGET("target-4.6M", new ModelShape(256, 6, 8, 4, 32, 688, 1024), 64),

  /** The shape of a small real model, with random weights. */
  RANDOM("random-110M", new ModelShape(768, 12, 12, 12, 64, 2048, 32_000), 8);

  private final String label;
  @SuppressWarnings("ImmutableEnumChecker") // A record of numbers.
  private final ModelShape shape;
  private final int numDecodeSteps;

  BenchModel(String label, ModelShape shape, int numDecodeSteps) {
    this.label = label;
    this.shape = shape;
    this.numDecodeSteps = numDecodeSteps;
  }

  String label() {
    return label;
  }

  ModelShape shape() {
    return shape;
  }

  /** Steps of one timed decode run, so few that the context stays close to where it began. */
  int numDecodeSteps() {
    return numDecodeSteps;
  }

  /**
   * The folder of the checkpoint; the random one is written below {@code scratch} unless it is
   * there.
   *
   * @param repository holds {@code model/}
   */
  Path folder(Path repository, Path scratch) throws IOException {
    Path shipped = repository.resolve("model");
    if (this != RANDOM) {
      return shipped.resolve(this == DRAFT ? "draft" : "target");
    }
    Path folder = scratch.resolve(label);
    if (!Files.exists(folder.resolve("config.json"))) {
      RandomCheckpoint.write(shape, folder, shipped.resolve("target/tokenizer.json"));
    }
    return folder;
  }
}
