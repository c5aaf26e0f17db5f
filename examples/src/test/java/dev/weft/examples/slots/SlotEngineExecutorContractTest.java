package dev.weft.examples.slots;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.testkit.StepExecutorContract;

/** The example of docs/own-executor.md keeps the contract. */
class SlotEngineExecutorContractTest extends StepExecutorContract {
  @Override protected StepExecutor create(ExecutorSpec wanted) {
    SlotEngine engine = new SlotEngine(wanted.numSlots(), wanted.maxModelLen());
    return new SlotEngineExecutor(engine, wanted.numSlots(), wanted.maxModelLen());
  }
}
