package dev.weft.micrometer;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.weft.schedulerapi.FinishReason;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;

/**
 * The generative AI metrics of OpenTelemetry that a server can fill, each once for a request with
 * all its samples. A request is successful when every sample is a complete answer; otherwise its
 * {@code error.type} is the first end that was none, and it is empty, which Prometheus takes for
 * absent, when there was no error: one metric needs the same labels in all its series.
 */
final class OtelMeters implements Recorder {
  private static final FinishReason[] REASONS = FinishReason.values();
  private final Timer completed;
  /** By reason; those that are no error share one. */
  private final Timer[] failed = new Timer[REASONS.length];
  private final Timer timePerToken;
  private final Timer firstToken;
  private final DistributionSummary inputTokens;
  private final DistributionSummary outputTokens;

  OtelMeters(MeterSet meters, String modelName, String providerName, String operationName) {
    Tags tags = Tags.of("gen_ai.operation.name", operationName,
        "gen_ai.provider.name", providerName, "gen_ai.request.model", modelName);
    completed = duration(meters, tags, "");
    for (FinishReason reason : REASONS) {
      failed[reason.ordinal()] = reason.isComplete() ? completed
          : duration(meters, tags, reason.name().toLowerCase(Locale.ROOT));
    }
    timePerToken = meters.timer("gen_ai.server.time_per_output_token",
        "Decode time divided by the tokens after the first, of successful requests.", tags,
        Buckets.OTEL_PER_TOKEN);
    firstToken = meters.timer("gen_ai.server.time_to_first_token",
        "Arrival to first token, of successful requests.", tags, Buckets.OTEL_FIRST_TOKEN);
    inputTokens = usage(meters, tags, "input");
    outputTokens = usage(meters, tags, "output");
  }

  private static Timer duration(MeterSet meters, Tags tags, String errorType) {
    return meters.timer("gen_ai.server.request.duration", "Arrival to the end of the last sample.",
        tags.and("error.type", errorType), Buckets.OTEL_DURATION);
  }

  private static DistributionSummary usage(MeterSet meters, Tags tags, String tokenType) {
    return meters.summary("gen_ai.client.token.usage",
        "Tokens of the prompt, and of the outputs of all samples.",
        tags.and("gen_ai.token.type", tokenType), Buckets.OTEL_TOKENS);
  }

  @Override public void onRequestEnd(LiveRequest request, long nowNanos) {
    FinishReason failure = request.failure;
    Timer duration = failure == null ? completed : failed[failure.ordinal()];
    duration.record(nowNanos - request.arrivalNanos, NANOSECONDS);
    inputTokens.record(request.numPromptTokens);
    outputTokens.record((double) request.numOutputTokens);
    if (failure == null && request.firstTokenNanos != LiveRequest.NEVER) {
      firstToken.record(request.firstTokenNanos - request.arrivalNanos, NANOSECONDS);
    }
    if (failure == null && request.numDecodeTokens > 0) {
      timePerToken.record(request.decodeNanos / request.numDecodeTokens, NANOSECONDS);
    }
  }
}
