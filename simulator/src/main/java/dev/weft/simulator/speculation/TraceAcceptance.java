package dev.weft.simulator.speculation;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * Reads acceptance from a trace: gzipped JSON lines with {@code prompt}, the number of prompt
 * tokens, and {@code pl_draft} and {@code pl_accept}, a hexadecimal digit for each output position
 * from the second on. Other fields are not looked at.
 */
final class TraceAcceptance {
  private static final Pattern PROMPT = Pattern.compile("\"prompt\": ?(\\d{1,9})");
  private static final Pattern DRAFTS = Pattern.compile("\"pl_draft\": ?\"([0-9a-f]*)\"");
  private static final Pattern ACCEPTED = Pattern.compile("\"pl_accept\": ?\"([0-9a-f]*)\"");

  private TraceAcceptance() {}

  /** @throws IllegalArgumentException naming the line that lacks a field or has a wrong one */
  static RecordedAcceptance read(Path trace) throws IOException {
    RecordedAcceptance recorded = new RecordedAcceptance();
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(
        new GZIPInputStream(Files.newInputStream(trace)), StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        String place = trace.getFileName() + ":" + number;
        recorded.add(new RecordedAcceptance.Request(
            Integer.parseInt(field(PROMPT, "prompt", line, place)),
            field(DRAFTS, "pl_draft", line, place), field(ACCEPTED, "pl_accept", line, place)));
      }
    }
    return recorded;
  }

  private static String field(Pattern pattern, String name, String line, String place) {
    Matcher matcher = pattern.matcher(line);
    if (!matcher.find()) {
      throw new IllegalArgumentException(place + ": no field " + name + " of the right form");
    }
    return matcher.group(1);
  }
}
