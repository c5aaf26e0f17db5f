package dev.weft.batching;

import dev.weft.schedulerapi.StepFacts;
import java.lang.reflect.Proxy;

/** Facts of a step that knows nothing but the time. */
final class TestFacts {
  private TestFacts() {}

  static StepFacts at(long nowNanos) {
    return (StepFacts) Proxy.newProxyInstance(StepFacts.class.getClassLoader(),
        new Class<?>[] {StepFacts.class}, (proxy, method, arguments) -> {
          if (method.getName().equals("nowNanos")) {
            return nowNanos;
          }
          throw new UnsupportedOperationException(method.getName());
        });
  }
}
