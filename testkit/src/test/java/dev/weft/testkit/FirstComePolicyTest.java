package dev.weft.testkit;

import dev.weft.schedulerapi.SchedulingPolicy;

/** The plainest live policy keeps the contract of policies on the plainest scheduler. */
class FirstComePolicyTest extends SchedulingPolicyContract {
  @Override protected SchedulingPolicy create() {
    return new FirstComePolicy();
  }

  @Override protected SchedulerDriver.Factory schedulers() {
    return setup -> new NaiveScheduler(setup, NaiveScheduler.Mistake.NONE);
  }

  @Override protected String module() {
    return "testkit";
  }
}
