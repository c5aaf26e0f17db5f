package dev.weft.examples;

import java.io.Console;
import java.io.PrintStream;

/** Shows what happens while it happens. Called often; shows something new from time to time. */
interface LiveDisplay {
  /** Requests are being served together. */
  void showServing(Progress progress);

  /** They are being run alone, one after another. */
  void showAlone(int numFinished, int numRequests);

  /** What was being shown is over. */
  void end();

  /** One that draws where somebody watches a terminal, and one that prints lines elsewhere. */
  static LiveDisplay on(PrintStream out, LiveStreams streams) {
    return out == System.out && isTerminal()
        ? new TerminalDisplay(out, streams)
        : new LineDisplay(out, streams);
  }

  @SuppressWarnings("SystemConsoleNull") // Before JDK 22 it is null where there is no terminal.
  private static boolean isTerminal() {
    String name = System.getenv("TERM");
    Console console = System.console();
    if (console == null || name == null || name.equals("dumb")) {
      return false;
    }
    try {
      // From JDK 22 on there is a console also where there is no terminal, and it can be asked.
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
