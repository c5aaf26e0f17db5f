package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;

/** The hash executor keeps the contract. */
class HashModelExecutorContractTest extends StepExecutorContract {
  @Override protected StepExecutor create(ExecutorSpec wanted) {
    return HashModelExecutor.completingAtOnce(wanted);
  }
}
