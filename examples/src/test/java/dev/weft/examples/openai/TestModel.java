package dev.weft.examples.openai;

import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostModel;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The model that comes with the examples, read once for all tests. */
final class TestModel {
  static final HostModel WEIGHTS;
  static final ServedModel MODEL;

  static {
    try {
      WEIGHTS = HostModel.load(ModelFolder.nearest().target());
      MODEL = ServedModel.of(ModelFolder.nearest().target(), WEIGHTS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TestModel() {}
}
