package dev.weft.simulator;

import dev.weft.engine.journal.Journal;
import dev.weft.engine.journal.JournalFormatException;
import dev.weft.engine.journal.JournalSetup;
import dev.weft.engine.journal.Replay;
import dev.weft.engine.timeline.Timeline;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The command behind tools/replay: repeats a journal and prints how things stand at its end. */
public final class ReplayTool {
  static final int EQUAL = 0;
  static final int DIFFERENT = 1;
  static final int NOT_RUN = 2;
  private static final String USAGE =
      "usage: tools/replay FILE [--until-step N] [--policy CLASS] [--timeline PAGE.html]";

  private final PrintStream out;
  private final PrintStream error;
  private @Nullable Path file;
  private @Nullable Path page;
  private @Nullable String policyClass;
  private long lastStep = Long.MAX_VALUE;

  private ReplayTool(PrintStream out, PrintStream error) {
    this.out = out;
    this.error = error;
  }

  /** Exits with 0 when all decisions are equal, 1 when not, 2 when nothing can be repeated. */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out, System.err));
  }

  /** What the process shall exit with. */
  static int run(List<String> arguments, PrintStream out, PrintStream error) {
    return new ReplayTool(out, error).run(arguments);
  }

  private int run(List<String> arguments) {
    try {
      read(new ArrayDeque<>(arguments));
      if (file == null) {
        throw new IllegalArgumentException("no file is named\n" + USAGE);
      }
      return replay(file);
    } catch (JournalFormatException e) {
      error.println("replay: " + file + " " + e.getMessage());
    } catch (NoSuchFileException e) {
      error.println("replay: there is no " + e.getFile());
    } catch (IOException e) {
      error.println("replay: " + file + (page == null ? ": " : " or " + page + ": ")
          + e.getMessage());
    } catch (IllegalArgumentException e) {
      error.println("replay: " + e.getMessage());
    }
    return NOT_RUN;
  }

  // ---- arguments

  private void read(Deque<String> arguments) {
    while (!arguments.isEmpty()) {
      String argument = arguments.remove();
      switch (argument) {
        case "--until-step" -> lastStep = stepId(valueOf(argument, arguments));
        case "--policy" -> policyClass = valueOf(argument, arguments);
        case "--timeline" -> page = Path.of(valueOf(argument, arguments));
        default -> {
          if (argument.startsWith("-") || file != null) {
            throw new IllegalArgumentException("what is " + argument + "?\n" + USAGE);
          }
          file = Path.of(argument);
        }
      }
    }
  }

  private static String valueOf(String option, Deque<String> arguments) {
    if (arguments.isEmpty()) {
      throw new IllegalArgumentException(option + " has no value\n" + USAGE);
    }
    return arguments.remove();
  }

  private static long stepId(String value) {
    if (!value.matches("[1-9][0-9]{0,17}")) {
      throw new IllegalArgumentException("--until-step is " + value + ", must be 1 or more");
    }
    return Long.parseLong(value);
  }

  // ---- running

  private int replay(Path from) throws IOException {
    Journal journal = Journal.read(from);
    JournalSetup setup = journal.setup();
    out.println(from + ": " + journal.size() + " bytes of records, tokens " + journal.tokens()
        + (journal.isWhole() ? ", whole" : ", without its beginning")
        + (journal.isCutOff() ? ", cut off" : ""));
    out.println(setup.labels());
    out.println(setup.limits());
    out.println(setup.spec());
    Optional<SchedulingPolicy> policy = policy(setup);
    Timeline timeline = Timeline.builder().title(from.getFileName() + ", policy "
        + setup.label(JournalSetup.POLICY, "unknown")
        + (journal.isWhole() ? "" : ", the end of the run")).limits(setup.limits()).build();
    if (!journal.isWhole() || policy.isEmpty()) {
      return tell(journal, timeline);
    }
    return replay(journal, policy.get(), timeline);
  }

  private int tell(Journal journal, Timeline timeline) throws IOException {
    String reason = journal.isWhole()
        ? "its policy cannot be made: name a class with --policy"
        : "its beginning was overwritten; to keep a whole run, record with a larger maxSize";
    if (page == null) {
      throw new IllegalArgumentException("the run cannot be repeated: " + reason
          + "\nwhat was recorded can still be shown: --timeline PAGE.html");
    }
    out.println("not repeated: " + reason);
    out.println(journal.tell(timeline) + " plans told as recorded");
    write(timeline, page);
    return NOT_RUN;
  }

  private int replay(Journal journal, SchedulingPolicy policy, Timeline timeline)
      throws IOException {
    StepPrinter printer = new StepPrinter(out);
    SchedulerListener listener = page == null ? SchedulerListener.NONE : timeline;
    Replay.Builder builder = Replay.of(journal).policy(policy)
        .listener(new Broadcast(List.of(printer, listener)));
    Replay replay = RunRecorder.isSimulated(journal.setup())
        ? RunRecorder.prepare(builder, journal.setup(), policy).build() : builder.build();
    Throwable brokenOff = null;
    try {
      replay.runToStep(lastStep);
    } catch (RuntimeException | AssertionError e) {
      brokenOff = e;
    }
    printer.print(replay);
    if (page != null) {
      write(timeline, page);
    }
    if (brokenOff != null) {
      out.println("broke off: " + brokenOff);
    }
    replay.difference().ifPresent(difference -> out.println("DIFFERENT " + difference));
    boolean isEqual = brokenOff == null && replay.difference().isEmpty();
    out.println(replay.numSteps() + " plans" + (isEqual ? ", all as recorded" : ""));
    return isEqual ? EQUAL : DIFFERENT;
  }

  private void write(Timeline timeline, Path to) throws IOException {
    timeline.writeHtml(to);
    out.println("the timeline is in " + to.toAbsolutePath());
  }

  // ---- policies

  /** A fresh policy like the recorded one, if anybody knows how to make one. */
  private Optional<SchedulingPolicy> policy(JournalSetup setup) {
    if (policyClass != null) {
      return Optional.of(newPolicy(policyClass).orElseThrow(() -> new IllegalArgumentException(
          "--policy is " + policyClass + ", must be a class on the class path (WEFT_CLASSPATH) "
              + "that is a SchedulingPolicy and has a constructor without parameters")));
    }
    String name = setup.label(JournalSetup.POLICY, "");
    long seed = Long.parseLong(setup.label(RunRecorder.SEED, "0"));
    return Arrays.stream(PolicyCase.values()).filter(each -> each.label.equals(name))
        .map(each -> each.newPolicy(seed)).findFirst()
        .or(() -> newPolicy(name))
        .or(() -> Replay.usualPolicy(setup));
  }

  private static Optional<SchedulingPolicy> newPolicy(String name) {
    try {
      Class<?> type = Class.forName(name, true, ReplayTool.class.getClassLoader());
      return Optional.of((SchedulingPolicy) type.getDeclaredConstructor().newInstance());
    } catch (ReflectiveOperationException | ClassCastException | LinkageError e) {
      return Optional.empty();
    }
  }
}
