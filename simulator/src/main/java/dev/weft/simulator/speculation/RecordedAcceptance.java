package dev.weft.simulator.speculation;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a drafter proposed, and how much of it was right, behind every output token of requests that
 * were answered without drafts. Which drafts are accepted does not change the output, so any choice
 * of lengths can be replayed: behind n output tokens, of {@code wanted} drafts {@code min(wanted,
 * numProposed)} are proposed and of d drafts {@code min(d, numAccepted)} accepted.
 *
 * <p>As text: a line for each request, "prompt-tokens proposed accepted", the latter two a
 * hexadecimal digit for each output position from the second on; lines that begin with # say where
 * it comes from.
 */
public final class RecordedAcceptance {
  /** Most drafts that were recorded. */
  public static final int MAX_NUM_DRAFTS = 8;

  private final List<Request> requests = new ArrayList<>();

  /** Nothing recorded yet. */
  public RecordedAcceptance() {}

  /** Appends a request. */
  public void add(Request request) {
    requests.add(request);
  }

  /** Recorded requests. */
  public int numRequests() {
    return requests.size();
  }

  /** A request, {@code index} 0 to {@code numRequests() - 1}. */
  public Request request(int index) {
    return requests.get(index);
  }

  /** Reads a recording that lies beside this class. */
  public static RecordedAcceptance ofResource(String name) throws IOException {
    try (InputStream in = RecordedAcceptance.class.getResourceAsStream(name)) {
      return read(name, Objects.requireNonNull(in, name));
    }
  }

  /** @throws IllegalArgumentException naming the line that is wrong */
  static RecordedAcceptance read(String name, InputStream in) throws IOException {
    RecordedAcceptance recorded = new RecordedAcceptance();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
    int number = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      number++;
      if (line.startsWith("#")) {
        continue;
      }
      String[] fields = line.split(" ", -1);
      if (fields.length != 3) {
        throw new IllegalArgumentException(
            name + ":" + number + ": has " + fields.length + " fields, must have 3");
      }
      recorded.add(new Request(Integer.parseInt(fields[0]), fields[1], fields[2]));
    }
    return recorded;
  }

  /**
   * One request.
   *
   * @param numPromptTokens prompt tokens
   * @param proposed        hexadecimal digits: drafts proposed behind so many output tokens
   * @param accepted        how many of them were what the target sampled
   */
  public record Request(int numPromptTokens, String proposed, String accepted) {
    /** Checks that there is one digit each, and no more accepted than proposed. */
    public Request {
      if (proposed.length() != accepted.length()) {
        throw new IllegalArgumentException("proposed has " + proposed.length()
            + " digits, accepted " + accepted.length() + ", must be as many");
      }
      for (int i = 0; i < proposed.length(); i++) {
        int numProposed = Character.digit(proposed.charAt(i), 16);
        int numAccepted = Character.digit(accepted.charAt(i), 16);
        if (numProposed < 0 || numProposed > MAX_NUM_DRAFTS || numAccepted < 0
            || numAccepted > numProposed) {
          throw new IllegalArgumentException("position " + i + ": accepted is " + numAccepted
              + " of " + numProposed + ", must be 0 to proposed, at most " + MAX_NUM_DRAFTS);
        }
      }
    }

    /** Output tokens. */
    public int numOutputTokens() {
      return proposed.length() + 1;
    }

    /** Drafts that the drafter can come up with behind so many output tokens, 1 or more. */
    public int numProposed(int numOutputTokens) {
      return numOutputTokens > proposed.length() ? 0
          : Character.digit(proposed.charAt(numOutputTokens - 1), 16);
    }

    /** Drafts that are right behind so many output tokens. */
    public int numAccepted(int numOutputTokens) {
      return numOutputTokens > accepted.length() ? 0
          : Character.digit(accepted.charAt(numOutputTokens - 1), 16);
    }

    /** As a line of the text. */
    @Override public String toString() {
      return numPromptTokens + " " + proposed + " " + accepted;
    }
  }
}
