package dev.weft.benchmarks.speculation;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** The texts of {@code model/reference/heldout_prompts.json} as token ids: a text is a line. */
public final class HeldOut {
  private static final String RESOURCE = "heldout-tokens.txt";

  private HeldOut() {}

  /** All of them, in the order of that file; the caller owns the arrays. */
  public static List<int[]> texts() {
    try (InputStream stream = HeldOut.class.getResourceAsStream(RESOURCE)) {
      if (stream == null) {
        throw new IllegalStateException(RESOURCE + " is not on the class path");
      }
      return new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII)).lines()
          .map(line -> Arrays.stream(line.split(" ", -1)).mapToInt(Integer::parseInt).toArray())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
