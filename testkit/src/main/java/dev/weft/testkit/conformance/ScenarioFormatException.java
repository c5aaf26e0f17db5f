package dev.weft.testkit.conformance;

/** A scenario cannot be read; the message names the place, what is there and what must be. */
public final class ScenarioFormatException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  ScenarioFormatException(String message) {
    super(message);
  }
}
