import org.jspecify.annotations.NullMarked;

/** Metrics of a scheduler through Micrometer, under the names that vLLM and OpenTelemetry use. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Micrometer
module dev.weft.micrometer {
  requires static transitive org.jspecify;
  requires transitive dev.weft.schedulerapi;
  requires transitive micrometer.core;

  exports dev.weft.micrometer;
}
