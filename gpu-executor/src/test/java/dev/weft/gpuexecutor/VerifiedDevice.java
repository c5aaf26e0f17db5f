package dev.weft.gpuexecutor;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test when the emulated device complained of something or was not given everything back,
 * whatever the test itself asked. It looks after the {@code @AfterEach} methods, which close
 * executors, and only at what came since the last reset.
 */
public final class VerifiedDevice implements AfterEachCallback {
  @Override
  public void afterEach(ExtensionContext context) {
    StandIn.verify();
  }
}
