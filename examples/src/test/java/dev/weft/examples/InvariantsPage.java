package dev.weft.examples;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * Rules about docs/invariants.md; each answers what breaks it, as {@code number: what}.
 *
 * <p>A row has four cells: number, statement, where it is checked, test that breaks it. The last
 * two name classes, {@code Class.method}s and mutants in backticks, the last one tests and mutants
 * alone; or the property waits, and they are "not yet: " with the mechanism, and "not yet".
 */
final class InvariantsPage {
  private static final int NUM_INVARIANTS = 87;
  private static final int NUM_LIVENESS = 20;
  private static final String NOT_YET = "not yet: ";
  private static final Pattern ROW = Pattern.compile("\\| ([IL]\\d+) \\|(.*)\\|");
  private static final Pattern NAME = Pattern.compile("`([^`]*)`");
  private static final Pattern MESSAGE =
      Pattern.compile("\"([IL]\\d+(?:, [IL]\\d+)*)(?:: | step | request |\")");

  /** One property; the last two cells as they are written. */
  record Row(String number, List<String> cells) {
    private String where() {
      return cells.get(1);
    }

    private String test() {
      return cells.get(2);
    }
  }

  private final List<Row> rows = new ArrayList<>();
  private final Set<String> mutants;
  private final List<SourceFile> files;
  /** By simple name of a top-level type: names of the methods in its file. */
  private final Map<String, Set<String>> methods = new HashMap<>();
  /** {@code Class.method} of all tests. */
  private final Set<String> tests = new HashSet<>();

  /**
   * @param page    the text of the page
   * @param mutants names of the files of mutants, without ending
   */
  InvariantsPage(String page, List<SourceFile> files, Set<String> mutants) throws IOException {
    this.files = files;
    this.mutants = mutants;
    page.lines().map(ROW::matcher).filter(Matcher::matches).forEach(row ->
        rows.add(new Row(row.group(1), List.of(row.group(2).strip().split(" \\| ", -1)))));
    JavacTask compiler = (JavacTask) ToolProvider.getSystemJavaCompiler()
        .getTask(null, null, null, List.of("-proc:none"), null, files);
    for (CompilationUnitTree unit : compiler.parse()) {
      String path = unit.getSourceFile().toUri().getPath();
      String type = typeOf(path);
      MethodNames found = new MethodNames();
      found.scan(unit, null);
      methods.computeIfAbsent(type, first -> new HashSet<>()).addAll(found.names);
      found.tests.forEach(test -> tests.add(type + "." + test));
    }
  }

  private static String typeOf(String path) {
    return path.replaceFirst(".*/", "").replace(".java", "");
  }

  /** Numbers that are missing, come twice or stand at the wrong place. */
  List<String> wrongNumbers() {
    List<String> expected = new ArrayList<>();
    for (int i = 1; i <= NUM_INVARIANTS; i++) {
      expected.add("I" + i);
    }
    for (int i = 1; i <= NUM_LIVENESS; i++) {
      expected.add("L" + i);
    }
    List<String> found = rows.stream().map(Row::number).toList();
    return found.equals(expected) ? List.of() : List.of("rows are " + found);
  }

  /** Cells that say nothing: neither a name nor what the property waits for. */
  List<String> emptyCells() {
    List<String> wrong = new ArrayList<>();
    for (Row row : rows) {
      boolean isWhole = row.cells.size() == 3 && !row.cells.get(0).isBlank();
      boolean saysWhere = isWhole && (isNotYet(row) || !names(row.where()).isEmpty());
      boolean saysTest = isWhole
          && (isNotYet(row) || areTests(names(row.test())));
      if (!saysWhere || !saysTest) {
        wrong.add(row.number + ": no " + (saysWhere ? "test method" : "checker"));
      }
    }
    return wrong;
  }

  private static boolean isNotYet(Row row) {
    return row.where().startsWith(NOT_YET) && row.where().length() > NOT_YET.length()
        && row.test().equals("not yet");
  }

  /** At least one test, and nothing but tests and mutants. */
  private boolean areTests(List<String> names) {
    return names.stream().anyMatch(tests::contains)
        && names.stream().allMatch(name -> tests.contains(name) || mutants.contains(name));
  }

  /** Classes, methods and mutants that do not exist. */
  List<String> unknownNames() {
    List<String> wrong = new ArrayList<>();
    for (Row row : rows) {
      for (String cell : row.cells.subList(1, row.cells.size())) {
        names(cell).stream().filter(name -> !exists(name))
            .forEach(name -> wrong.add(row.number + ": no " + name));
      }
    }
    return wrong;
  }

  private boolean exists(String name) {
    String[] parts = name.split("\\.", -1);
    if (name.contains("-")) {
      return mutants.contains(name);
    }
    Set<String> known = methods.get(parts[0]);
    return known != null && (parts.length == 1
        || (parts.length == 2 && known.contains(parts[1])));
  }

  /** Classes whose messages begin with a number in whose row they are not named. */
  List<String> unnamedCheckers() {
    List<String> wrong = new ArrayList<>();
    for (SourceFile file : files) {
      if (file.path().contains("/src/main/")) {
        Set<String> numbers = new HashSet<>();
        MESSAGE.matcher(file.text()).results()
            .forEach(found -> numbers.addAll(List.of(found.group(1).split(", "))));
        String type = typeOf(file.path());
        numbers.stream().filter(number -> rows.stream().noneMatch(row ->
                row.number.equals(number) && names(row.where()).stream()
                    .anyMatch(name -> name.equals(type) || name.startsWith(type + "."))))
            .forEach(number -> wrong.add(number + ": " + type + " is not named"));
      }
    }
    return wrong;
  }

  private static List<String> names(String cell) {
    return NAME.matcher(cell).results().map(found -> found.group(1)).toList();
  }

  /** Collects the names of all methods of a file, and those of its tests. */
  private static final class MethodNames extends TreeScanner<Void, Void> {
    private static final Set<String> TEST_ANNOTATIONS =
        Set.of("Test", "ParameterizedTest", "Property");
    private final Set<String> names = new HashSet<>();
    private final Set<String> tests = new HashSet<>();

    @Override public Void visitMethod(MethodTree method, @Nullable Void unused) {
      String name = method.getName().toString();
      names.add(name);
      boolean isTest = method.getModifiers().getAnnotations().stream()
          .anyMatch(found -> TEST_ANNOTATIONS.contains(found.getAnnotationType().toString()));
      if (isTest) {
        tests.add(name);
      }
      return super.visitMethod(method, null);
    }
  }
}
