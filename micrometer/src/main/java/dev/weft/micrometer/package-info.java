/**
 * Metrics of a scheduler through Micrometer: {@link dev.weft.micrometer.WeftMetrics} listens to a
 * scheduler and registers what it hears under the names of vLLM and of OpenTelemetry.
 */
package dev.weft.micrometer;
