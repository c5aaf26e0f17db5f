package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.function.IntFunction;

/**
 * One int of a record and the values that it may have.
 *
 * @param field  name of the record's component, which messages begin with
 * @param build  makes the record with this value and defaults otherwise
 */
record FieldRange(String field, IntFunction<?> build, int min, int max) {
  /** Both ends are taken over, and the values beyond are refused with field, value and limits. */
  void check() {
    assertThat(build(min)).isEqualTo(min);
    assertThat(build(max)).isEqualTo(max);
    String limits = max == Integer.MAX_VALUE ? min + " or more" : min + " to " + max;
    assertRefused(min - 1, limits);
    if (max < Integer.MAX_VALUE) {
      assertRefused(max + 1, limits);
    }
  }

  private void assertRefused(int value, String limits) {
    assertThatIllegalArgumentException().isThrownBy(() -> build.apply(value))
        .withMessage(field + " is " + value + ", must be " + limits);
  }

  private Object build(int value) {
    Object built = build.apply(value);
    try {
      return built.getClass().getMethod(field).invoke(built);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  @Override public String toString() {
    return field;
  }
}
