package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A text in the classic Prometheus format, read strictly: every line is a comment or a sample, a
 * type comes before its samples, once, and no series comes twice.
 */
final class Exposition {
  private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  private static final Pattern TYPE =
      Pattern.compile("# TYPE (" + NAME + ") (counter|gauge|histogram|summary)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\[\\\\\"n])*)\"");
  private static final Pattern SAMPLE = Pattern.compile(
      "(" + NAME + ")(?:\\{(" + LABEL + "(?:," + LABEL + ")*)})? (NaN|[-+]?Inf|[-+0-9.eE]+)");

  /** By metric name, as in the line that declares it. */
  final Map<String, String> types = new LinkedHashMap<>();
  /** By name and labels, which are sorted: {@code name{a="1",b="2"}}. */
  final Map<String, Double> values = new LinkedHashMap<>();
  /** By name of a sample: the keys of its labels, sorted. */
  final Map<String, String> labelKeys = new LinkedHashMap<>();

  Exposition(String text) {
    assertThat(text).endsWith("\n");
    text.lines().forEach(this::read);
  }

  private void read(String line) {
    Matcher type = TYPE.matcher(line);
    Matcher sample = SAMPLE.matcher(line);
    if (type.matches()) {
      assertThat(types.put(type.group(1), type.group(2))).as(line).isNull();
    } else if (sample.matches()) {
      take(sample, line);
    } else {
      assertThat(line).startsWith("# HELP ");
    }
  }

  private void take(Matcher sample, String line) {
    String name = sample.group(1);
    assertThat(types.keySet()).as(line).anyMatch(name::startsWith);
    Map<String, String> labels = new TreeMap<>();
    Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
    while (label.find()) {
      labels.put(label.group(1), label.group(2));
    }
    String inBraces = labels.entrySet().stream()
        .map(entry -> entry.getKey() + "=\"" + entry.getValue() + "\"")
        .collect(Collectors.joining(",", "{", "}"));
    String number = sample.group(sample.groupCount()).replace("Inf", "Infinity");
    assertThat(values.put(name + inBraces, Double.valueOf(number))).as(line).isNull();
    labelKeys.put(name, String.join(" ", labels.keySet()));
  }

  /** @param labels {@code key=value}, sorted by key */
  double value(String name, String... labels) {
    String series = name + Arrays.stream(labels).map(label -> label.replaceFirst("=", "=\"") + "\"")
        .collect(Collectors.joining(",", "{", "}"));
    assertThat(values).containsKey(series);
    return values.get(series);
  }

  /** The same of a whole number. */
  long count(String name, String... labels) {
    double value = value(name, labels);
    assertThat(value).as(name).isEqualTo(Math.rint(value));
    return Math.round(value);
  }

  /** How many series a name has. */
  long numSeries(String name) {
    return values.keySet().stream().filter(series -> series.startsWith(name + "{")).count();
  }
}
