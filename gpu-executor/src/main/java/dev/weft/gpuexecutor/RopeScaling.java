package dev.weft.gpuexecutor;

import org.jspecify.annotations.Nullable;

/**
 * Llama 3's stretching of the rotation frequencies: wave lengths beyond {@code originalPositions /
 * lowFrequencyFactor} are divided by the factor, those below {@code originalPositions /
 * highFrequencyFactor} stay, between them the two are mixed linearly.
 *
 * @param factor at least 1
 * @param lowFrequencyFactor wave lengths per original context at which full stretching begins
 * @param highFrequencyFactor wave lengths per original context at which stretching ends; larger
 * @param originalPositions positions of the model before it was stretched
 */
record RopeScaling(
    double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions) {

  /** Reads the parameters; null when they ask for no scaling. */
  static @Nullable RopeScaling read(JsonObject json, int maxPositions)
      throws ModelFormatException {
    String field = json.has("rope_type") ? "rope_type" : "type";
    String type = json.stringOr(field, "default");
    if (type.equals("default")) {
      return null;
    }
    if (!type.equals("llama3")) {
      throw json.wrong(field, "default or llama3");
    }
    double low = json.requireDouble("low_freq_factor", 1e-6, 1e6);
    double high = json.requireDouble("high_freq_factor", 1e-6, 1e6);
    if (low >= high) {
      throw json.wrong("low_freq_factor", "less than high_freq_factor " + high);
    }
    return new RopeScaling(
        json.requireDouble("factor", 1, 1e6),
        low,
        high,
        json.requireInt("original_max_position_embeddings", 1, maxPositions));
  }

  /**
   * The frequency that replaces {@code frequency}, both in radians per position.
   */
  double scale(double frequency) {
    double numWaves = originalPositions * frequency / (2 * Math.PI);
    if (numWaves > highFrequencyFactor) {
      return frequency;
    }
    if (numWaves < lowFrequencyFactor) {
      return frequency / factor;
    }
    double kept = (numWaves - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return (1 - kept) * frequency / factor + kept * frequency;
  }
}
