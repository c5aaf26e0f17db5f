package dev.weft.testkit.conformance;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compares the record of a run with its golden, field by field; what is absent is empty. */
final class GoldenComparison {
  private static final String ABSENT = "absent";
  /** Recorded for small pools alone, so a golden may be without them. */
  private static final Set<String> OPTIONAL = Set.of("free_order", "hashed_blocks");

  private final String scenario;
  private final Level level;
  private final List<Difference> differences = new ArrayList<>();
  private int step = Difference.WHOLE_RUN;

  private GoldenComparison(String scenario, Level level) {
    this.scenario = scenario;
    this.level = level;
  }

  /** All differences, in the order of steps; none when equal. */
  static List<Difference> compare(
      String scenario, JsonField golden, Map<String, Object> found, Level level) {
    GoldenComparison comparison = new GoldenComparison(scenario, level);
    comparison.compareSteps(golden.at("steps").elements(), (List<?>) found.get("steps"));
    comparison.step = Difference.WHOLE_RUN;
    comparison.compareFields("final", golden.at("final").object(),
        (Map<?, ?>) Objects.requireNonNull(found.get("final")));
    return comparison.differences;
  }

  private void compareSteps(List<JsonField> expected, @Nullable List<?> found) {
    List<?> steps = Objects.requireNonNull(found);
    int numBoth = Math.min(expected.size(), steps.size());
    for (step = 0; step < numBoth; step++) {
      compareFields("", expected.get(step).object(), (Map<?, ?>) steps.get(step));
    }
    if (expected.size() != steps.size()) {
      step = Difference.WHOLE_RUN;
      add("number of steps", expected.size(), steps.size());
    }
  }

  private void compareFields(String path, Map<?, ?> expected, Map<?, ?> found) {
    for (String field : names(expected, found)) {
      boolean isLeftOut = OPTIONAL.contains(field) && !expected.containsKey(field);
      if (level.compares(field) && !isLeftOut) {
        compare(path.isEmpty() ? field : path + "." + field, expected.get(field),
            found.get(field));
      }
    }
  }

  private static Set<String> names(Map<?, ?> expected, Map<?, ?> found) {
    Set<String> names = new LinkedHashSet<>();
    expected.keySet().forEach(name -> names.add(String.valueOf(name)));
    found.keySet().forEach(name -> names.add(String.valueOf(name)));
    return names;
  }

  private void compare(String path, @Nullable Object expected, @Nullable Object found) {
    if (isMap(expected) && isMap(found)) {
      Map<?, ?> expectedMap = expected == null ? Map.of() : (Map<?, ?>) expected;
      Map<?, ?> foundMap = found == null ? Map.of() : (Map<?, ?>) found;
      for (String field : names(expectedMap, foundMap)) {
        if (level.comparesInner(field)) {
          compare(path + "." + field, expectedMap.get(field), foundMap.get(field));
        }
      }
    } else if (expected instanceof List<?> a && found instanceof List<?> b && isOfRows(a, b)) {
      for (int i = 0; i < a.size(); i++) {
        compare(path + "[" + i + "]", a.get(i), b.get(i));
      }
    } else if (!isEmpty(expected) || !isEmpty(found)) {
      if (!Objects.equals(expected, found)) {
        add(path, expected, found);
      }
    }
  }

  /** Lists of as many objects are compared one by one, others are shown as a whole. */
  private static boolean isOfRows(List<?> a, List<?> b) {
    return a.size() == b.size() && !a.isEmpty() && a.get(0) instanceof Map<?, ?>;
  }

  private static boolean isMap(@Nullable Object value) {
    return value == null || value instanceof Map<?, ?>;
  }

  private static boolean isEmpty(@Nullable Object value) {
    return value == null || (value instanceof List<?> list && list.isEmpty());
  }

  private void add(String field, @Nullable Object expected, @Nullable Object found) {
    differences.add(new Difference(scenario, step, field, text(expected), text(found)));
  }

  private static String text(@Nullable Object value) {
    return value == null ? ABSENT : value.toString();
  }
}
