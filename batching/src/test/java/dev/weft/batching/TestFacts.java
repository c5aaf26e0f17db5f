package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import java.lang.reflect.Proxy;

/** Facts of a step that knows one thing alone. */
final class TestFacts {
  private TestFacts() {}

  /** Facts that know the time. */
  static StepFacts at(long nowNanos) {
    return knowing("nowNanos", nowNanos);
  }

  /** Facts that know who runs. */
  static StepFacts running(SequenceView... sequences) {
    return knowing("running", new SequenceList() {
      @Override public int size() {
        return sequences.length;
      }

      @Override public SequenceView get(int index) {
        return sequences[index];
      }
    });
  }

  private static StepFacts knowing(String fact, Object value) {
    return (StepFacts) Proxy.newProxyInstance(StepFacts.class.getClassLoader(),
        new Class<?>[] {StepFacts.class}, (proxy, method, arguments) -> {
          if (method.getName().equals(fact)) {
            return value;
          }
          throw new UnsupportedOperationException(method.getName());
        });
  }
}
