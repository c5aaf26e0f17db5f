package dev.weft.examples;

import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * An executor that is told one wrong entry of one block table: the first block that a second
 * sequence gets behind its first one is said to be one that another sequence holds.
 */
final class WrongTableEntry {
  private final StepExecutor executor;
  private int firstSlot = -1;
  private int firstBlock;
  private long wrongStepId = -1;
  private int wrongWrite;

  private WrongTableEntry(StepExecutor executor) {
    this.executor = executor;
  }

  static StepExecutor plantedIn(StepExecutor executor) {
    WrongTableEntry planted = new WrongTableEntry(executor);
    return proxy(StepExecutor.class, (self, method, arguments) ->
        method.getName().equals("submit")
            ? planted.submit((StepPlan) arguments[0])
            : method.invoke(executor, arguments));
  }

  private boolean submit(StepPlan plan) {
    for (int i = 0; i < plan.numTableWrites() && wrongStepId < 0; i++) {
      if (firstSlot < 0) {
        firstSlot = plan.tableWriteSlot(i);
        firstBlock = plan.tableWriteBlock(i);
      } else if (plan.tableWriteSlot(i) != firstSlot && plan.tableWriteIndex(i) > 0) {
        wrongStepId = plan.stepId();
        wrongWrite = i;
      }
    }
    return executor.submit(plan.stepId() == wrongStepId ? withWrongEntry(plan) : plan);
  }

  private StepPlan withWrongEntry(StepPlan plan) {
    return proxy(StepPlan.class, (self, method, arguments) ->
        method.getName().equals("tableWriteBlock") && (int) arguments[0] == wrongWrite
            ? firstBlock
            : method.invoke(plan, arguments));
  }

  private static <T> T proxy(Class<T> port, InvocationHandler handler) {
    return port.cast(Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[] {port},
        (self, method, arguments) -> {
          try {
            return handler.invoke(self, method, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        }));
  }
}
