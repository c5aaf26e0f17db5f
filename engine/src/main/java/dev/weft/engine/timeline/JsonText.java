package dev.weft.engine.timeline;

import java.io.IOException;
import java.util.List;

/**
 * Writes JSON in ASCII. What could end a script element, or a line in JavaScript, is written as a
 * number, so the text can stand inside HTML as it is.
 */
final class JsonText {
  private static final long MAX_EXACT = 1L << 53;
  private final Appendable out;
  private boolean needsComma;

  JsonText(Appendable out) {
    this.out = out;
  }

  JsonText beginObject() throws IOException {
    return begin('{');
  }

  JsonText endObject() throws IOException {
    return end('}');
  }

  JsonText beginArray() throws IOException {
    return begin('[');
  }

  JsonText endArray() throws IOException {
    return end(']');
  }

  private JsonText begin(char bracket) throws IOException {
    separate();
    out.append(bracket);
    needsComma = false;
    return this;
  }

  private JsonText end(char bracket) throws IOException {
    out.append(bracket);
    needsComma = true;
    return this;
  }

  private void separate() throws IOException {
    if (needsComma) {
      out.append(',');
    }
  }

  JsonText name(String name) throws IOException {
    value(name);
    out.append(':');
    needsComma = false;
    return this;
  }

  /** A number; as text when JavaScript would round it. */
  JsonText value(long number) throws IOException {
    separate();
    boolean isExact = number >= -MAX_EXACT && number <= MAX_EXACT;
    String quote = isExact ? "" : "\"";
    out.append(quote).append(Long.toString(number)).append(quote);
    needsComma = true;
    return this;
  }

  /** Writes null. */
  JsonText nothing() throws IOException {
    separate();
    out.append("null");
    needsComma = true;
    return this;
  }

  /** Nanoseconds as microseconds, to the last digit. */
  JsonText micros(long nanos) throws IOException {
    separate();
    long rest = Math.abs(nanos % 1_000);
    out.append(nanos < 0 && nanos > -1_000 ? "-0" : Long.toString(nanos / 1_000)).append('.')
        .append((char) ('0' + rest / 100)).append((char) ('0' + rest / 10 % 10))
        .append((char) ('0' + rest % 10));
    needsComma = true;
    return this;
  }

  JsonText value(String text) throws IOException {
    separate();
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      character(text.charAt(i));
    }
    out.append('"');
    needsComma = true;
    return this;
  }

  private void character(char c) throws IOException {
    boolean isPlain = c >= ' ' && c < 0x7f && "\"\\<>&'".indexOf(c) < 0;
    if (isPlain) {
      out.append(c);
    } else {
      out.append("\\u");
      for (int shift = 12; shift >= 0; shift -= 4) {
        out.append(Character.forDigit(c >> shift & 0xf, 16));
      }
    }
  }

  JsonText values(List<String> texts) throws IOException {
    beginArray();
    for (String text : texts) {
      value(text);
    }
    return endArray();
  }
}
