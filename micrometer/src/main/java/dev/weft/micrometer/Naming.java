package dev.weft.micrometer;

/** Whose metric names are registered, beside those of the scheduler itself. */
public enum Naming {
  /** The generative AI conventions of OpenTelemetry: {@code gen_ai.*}, once for each request. */
  OTEL,
  /**
   * The names of vLLM: {@code vllm:*}. As there, each sample of a request counts as a request,
   * except where the name is about the whole. Needs {@link VllmNaming} in a Prometheus registry.
   */
  VLLM
}
