package dev.weft.gpuexecutor;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class HostExecutorProperties {
  @Property(tries = 150)
  void outputIsThatOfTheRequestAlone(@ForAll long seed) throws Exception {
    new HostScenario(seed).run();
  }
}
