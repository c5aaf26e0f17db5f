package dev.weft.benchmarks.speculation;

import dev.weft.gpuexecutor.HostModel;
import java.io.IOException;
import java.nio.file.Path;

/** The two models of this repository. */
record Models(HostModel target, HostModel draft) {
  /** @param repository holds {@code model/} */
  static Models load(Path repository) throws IOException {
    Path folder = repository.resolve("model");
    return new Models(
        HostModel.load(folder.resolve("target")), HostModel.load(folder.resolve("draft")));
  }
}
