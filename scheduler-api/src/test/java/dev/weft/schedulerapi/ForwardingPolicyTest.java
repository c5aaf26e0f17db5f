package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ForwardingPolicyTest {
  /** Also of a method that the interface gets one day. */
  @ParameterizedTest @ValueSource(booleans = {false, true})
  void everyCallIsPassedOnAndItsAnswerIsThatOfThePolicyInside(boolean answer) throws Exception {
    WaitingOrder newestFirst = (entering, waiting) -> true;
    Map<Class<?>, Object> answers = Map.of(boolean.class, answer, WaitingOrder.class, newestFirst,
        DraftBooks.class, DraftBooks.values()[answer ? 0 : 1]);
    List<Method> heard = new ArrayList<>();
    SchedulingPolicy inside = (SchedulingPolicy) Proxy.newProxyInstance(
        SchedulingPolicy.class.getClassLoader(), new Class<?>[] {SchedulingPolicy.class},
        (proxy, method, arguments) -> {
          heard.add(method);
          return answers.get(method.getReturnType());
        });
    ForwardingPolicy outside = new ForwardingPolicy(inside) {};

    for (Method method : SchedulingPolicy.class.getMethods()) {
      heard.clear();
      Object given = method.invoke(outside, new Object[method.getParameterCount()]);

      assertThat(heard).containsExactly(method);
      assertThat(given).as(method.getName()).isEqualTo(answers.get(method.getReturnType()));
    }
  }

  @Test void noPolicyIsAnError() {
    assertThatNullPointerException().isThrownBy(() -> new ForwardingPolicy(null) {})
        .withMessage("policy");
  }
}
