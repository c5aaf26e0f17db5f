package dev.weft.benchmarks;

import java.util.Locale;

/** What a {@link Minute} found. */
record MinuteResult(Times steps, Times loops, long allocatedBytes, MinuteEvents events) {
  /** CPU time of the thread, nanoseconds. */
  record Times(int count, long median, long p99, long p999, long max) {
    static Times of(StepTimes times) {
      return new Times(times.numSteps(), times.cpuNanosAt(0.5), times.cpuNanosAt(0.99),
          times.cpuNanosAt(0.999), times.cpuNanosAt(1));
    }

    double tail() {
      return (double) p999 / median;
    }

    private String cells() {
      return String.format(Locale.ROOT, "%,d | %.1f | %.1f | %.1f | %.1f | %.2f", count,
          median / 1e3, p99 / 1e3, p999 / 1e3, max / 1e3, tail());
    }

    private String values() {
      return count + "," + median + "," + p99 + "," + p999 + "," + max;
    }
  }

  double ratioToLoop() {
    return steps.tail() / loops.tail();
  }

  static String header() {
    return """
        | CPU time, µs | count | median | p99 | p99.9 | max | p99.9 / median |
        |---|---|---|---|---|---|---|
        """;
  }

  /** Two rows of a table in Markdown, and a line about what happened besides. */
  String rows(String name) {
    return "| " + name + " | " + steps.cells() + " |\n| loop of that length | " + loops.cells()
        + " |\n";
  }

  /** What happened in the minute, for people to read. */
  String remarks(String name) {
    StringBuilder text = new StringBuilder(String.format(Locale.ROOT,
        "%s: %d collections, %d deoptimisations, %d methods compiled, %d safepoints, "
            + "%,d bytes allocated by the thread; p99.9 / median is %.2f of the loop's%n",
        name, events.numCollections(), events.numDeoptimisations(), events.numCompilations(),
        events.numSafepoints(), allocatedBytes, ratioToLoop()));
    events.deoptimisations().forEach(
        (method, count) -> text.append("  deoptimised ").append(count).append(" times: ")
            .append(method).append('\n'));
    return text.toString();
  }

  static String csvHeader() {
    return "workload,steps,step_median_ns,step_p99_ns,step_p999_ns,step_max_ns,"
        + "loops,loop_median_ns,loop_p99_ns,loop_p999_ns,loop_max_ns,"
        + "collections,deoptimisations,compilations,safepoints,allocated_bytes\n";
  }

  String csvLine(String name) {
    return name + "," + steps.values() + "," + loops.values() + "," + events.numCollections() + ","
        + events.numDeoptimisations() + "," + events.numCompilations() + ","
        + events.numSafepoints() + "," + allocatedBytes + "\n";
  }
}
