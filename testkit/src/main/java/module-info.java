import org.jspecify.annotations.NullMarked;

/** Contract tests, generators, checkers and naive models for schedulers, caches and executors. */
@NullMarked
module dev.weft.testkit {
  requires com.fasterxml.jackson.core;
  requires jdk.management;
  requires static transitive org.jspecify;
  requires transitive dev.weft.schedulerapi;
  requires transitive net.jqwik.api;
  requires transitive org.assertj.core;
  requires transitive org.junit.jupiter.api;

  exports dev.weft.testkit;
  exports dev.weft.testkit.conformance;
}
