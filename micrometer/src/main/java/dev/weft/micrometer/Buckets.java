package dev.weft.micrometer;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Upper bounds of histogram buckets: those of the names' owners, in seconds or in tokens. */
final class Buckets {
  static final double[] VLLM_FIRST_TOKEN = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25,
      0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560};
  static final double[] VLLM_PER_TOKEN = {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5,
      0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80};
  static final double[] VLLM_REQUEST = {0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50,
      60, 120, 240, 480, 960, 1920, 7680};
  static final double[] VLLM_STEP_TOKENS = {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096,
      8192, 16384};
  static final double[] VLLM_SAMPLES = {1, 2, 5, 10, 20};

  static final double[] OTEL_DURATION = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12,
      10.24, 20.48, 40.96, 81.92};
  static final double[] OTEL_PER_TOKEN = {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5,
      0.75, 1, 2.5};
  static final double[] OTEL_FIRST_TOKEN = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25,
      0.5, 0.75, 1, 2.5, 5, 7.5, 10};
  /** 4 to the power of 0 to 13. */
  static final double[] OTEL_TOKENS =
      IntStream.range(0, 14).mapToDouble(i -> 1L << (2 * i)).toArray();

  static final double[] STEP = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
      10};

  private Buckets() {}

  /** 1, 2, 5, 10, 20, 50, and so on, as far as {@code max}, 1 or more. */
  static double[] upTo(int max) {
    return DoubleStream.iterate(1, power -> power <= max, power -> 10 * power)
        .flatMap(power -> Arrays.stream(new double[] {power, 2 * power, 5 * power}))
        .filter(bound -> bound <= max)
        .toArray();
  }
}
