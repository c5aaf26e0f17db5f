package dev.weft.gpuexecutor;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/**
 * Says that a model directory cannot be used: a file is damaged, or describes a model that this
 * executor does not compute. The message names the file, the field or tensor, the value found and
 * what would have been accepted. Thrown before memory is taken for the weights.
 */
public final class ModelFormatException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * @param file the file at fault
   * @param field the JSON field or tensor at fault, such as {@code rope_scaling.rope_type}
   * @param problem the value found and what would have been accepted
   */
  public ModelFormatException(Path file, String field, String problem) {
    super(file + ": " + field + ": " + problem);
  }
}
