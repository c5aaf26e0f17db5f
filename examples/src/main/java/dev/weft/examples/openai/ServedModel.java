package dev.weft.examples.openai;

import dev.weft.examples.AustenTokenizer;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What the API must know of the model: its name, its text and its limits.
 *
 * @param name           as clients call it
 * @param names          of single tokens
 * @param stopTokenIds   tokens that end an answer
 * @param vocabularySize token ids are 0 to this, exclusive
 * @param maxModelLen    most tokens of prompt and answer together
 */
record ServedModel(String name, AustenTokenizer tokenizer, TokenNames names,
    List<Integer> stopTokenIds, int vocabularySize, int maxModelLen) implements AutoCloseable {
  /**
   * Reads the tokenizer of a model; the model is called like its folder.
   *
   * @param directory from which {@code model} was loaded
   */
  static ServedModel of(Path directory, HostModel model) throws IOException {
    return new ServedModel(
        directory.toAbsolutePath().normalize().getFileName().toString(),
        AustenTokenizer.load(directory),
        TokenNames.load(directory, model.vocabularySize()),
        model.eosTokenIds(),
        model.vocabularySize(),
        model.maxPositions());
  }

  /** How to sample, as far as the model says it. */
  SamplingParameters.Builder sampling() {
    return SamplingParameters.builder()
        .stopTokenIds(stopTokenIds.stream().mapToInt(Integer::intValue).toArray());
  }

  /** Frees the tokenizer. */
  @Override public void close() {
    tokenizer.close();
  }
}
