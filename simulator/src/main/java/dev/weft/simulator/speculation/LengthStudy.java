package dev.weft.simulator.speculation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares policies of draft lengths: recorded acceptance, replayed under modelled step times of
 * two devices, over batch sizes. Prints a table for each recording and device, and writes them,
 * with a plot, into docs/. See tools/draft-lengths.
 */
public final class LengthStudy {
  static final int[] BATCH_SIZES = {1, 4, 16, 64, 256};
  static final Path PAGE = Path.of("docs/speculation.md");
  static final Path PLOT = Path.of("docs/draft-lengths.svg");
  private static final List<Device> DEVICES = List.of(
      new Device("H100", DeviceRates.H100), new Device("RTX 4090", DeviceRates.RTX_4090));
  private static final String BEGIN = "<!-- draft lengths -->\n";
  private static final String END = "<!-- end -->";

  private LengthStudy() {}

  /** @param arguments {@code --write}, {@code --trace FILE}, or nothing */
  public static void main(String... arguments) throws IOException {
    boolean writes = false;
    Path trace = null;
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--write")) {
        writes = true;
      } else if (arguments[i].equals("--trace") && i + 1 < arguments.length) {
        trace = Path.of(arguments[++i]);
      } else {
        throw new IllegalArgumentException(
            "unknown argument " + arguments[i] + ", must be --write or --trace FILE");
      }
    }
    List<LengthTable> tables = tables();
    System.out.println(text(tables));
    if (trace != null) {
      System.out.println(text(ofTrace(trace)));
    }
    if (writes) {
      Files.writeString(PAGE, update(Files.readString(PAGE), tables));
      Files.writeString(PLOT, LengthPlot.svg(tables));
    }
  }

  /** Both recordings on both devices. */
  static List<LengthTable> tables() throws IOException {
    List<LengthTable> tables = new ArrayList<>();
    for (Device device : DEVICES) {
      tables.add(LengthTable.of("draft model, " + device.title,
          RecordedAcceptance.ofResource("draft-model.txt"), device.model(ModelShape.LLAMA_8B),
          DrafterTime.model(device.model(ModelShape.LLAMA_1B)), BATCH_SIZES));
      tables.add(LengthTable.of("prompt lookup, " + device.title,
          RecordedAcceptance.ofResource("prompt-lookup.txt"), device.model(ModelShape.LLAMA_8B),
          DrafterTime.LOOKUP, BATCH_SIZES));
    }
    return tables;
  }

  /** The prompt lookup that a trace recorded, on both devices. */
  static List<LengthTable> ofTrace(Path trace) throws IOException {
    List<LengthTable> tables = new ArrayList<>();
    for (Device device : DEVICES) {
      tables.add(LengthTable.of("prompt lookup of " + trace.getFileName() + ", " + device.title,
          TraceAcceptance.read(trace), device.model(ModelShape.LLAMA_8B), DrafterTime.LOOKUP,
          BATCH_SIZES));
    }
    return tables;
  }

  /**
   * The page with the tables generated anew.
   *
   * @throws IllegalArgumentException when it has no place for them
   */
  static String update(String page, List<LengthTable> tables) {
    int from = page.indexOf(BEGIN) + BEGIN.length();
    int to = page.indexOf(END, from);
    if (from < BEGIN.length() || to < 0) {
      throw new IllegalArgumentException(
          "the page has no part from " + BEGIN.strip() + " to " + END);
    }
    return page.substring(0, from) + "\n" + text(tables) + "\n" + page.substring(to);
  }

  private static String text(List<LengthTable> tables) {
    StringBuilder text = new StringBuilder();
    for (LengthTable table : tables) {
      text.append(text.length() == 0 ? "" : "\n").append(table.markdown());
    }
    return text.toString();
  }

  /** A device whose step time is modelled. */
  private record Device(String title, DeviceRates rates) {
    private LatencyModel model(ModelShape shape) {
      return new LatencyModel(shape, rates);
    }
  }
}
