package dev.weft.examples.tour;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.testkit.StepExecutorContract;

/** The executor of the tour keeps the contract, except for what its spec says is absent. */
class ParrotExecutorTest extends StepExecutorContract {
  @Override protected StepExecutor create(ExecutorSpec wanted) {
    return new ParrotExecutor(); // It has one size.
  }
}
