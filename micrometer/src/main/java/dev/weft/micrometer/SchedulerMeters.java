package dev.weft.micrometer;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.weft.micrometer.Published.Value;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;

/** What belongs to this scheduler: metrics that no other naming has, and what gateways need. */
final class SchedulerMeters implements Recorder {
  /** Registered in any mode; tells whether another scheduler has the same labels. */
  static final String STEPS = "weft.scheduler.steps";
  private final MeterSet meters;
  private final Tags tags;
  private final Timer step;
  private final Timer device;

  SchedulerMeters(MeterSet meters, String modelName, String engine, ExecutorSpec spec) {
    this.meters = meters;
    tags = Tags.of("model.name", modelName, "engine", engine);
    registerGauges(spec);
    registerCounters();
    step = meters.timer("weft.scheduler.step.time", "From the plan of a step to its result.",
        tags, Buckets.STEP);
    device = meters.timer("weft.scheduler.step.device.time",
        "Time that the device spent on a step.", tags, Buckets.STEP);
  }

  private void registerGauges(ExecutorSpec spec) {
    gauge("requests.running", "Sequences that run.", Value.RUNNING);
    gauge("requests.waiting", "Sequences that wait for their turn.", Value.WAITING);
    gauge("requests.blocked", "Sequences that wait for something outside.", Value.BLOCKED);
    share("kv.usage", "Share of KV blocks that sequences hold; the rest is free.",
        Value.KV_USAGE);
    share("token.budget.usage",
        "Tokens of the last step divided by the most that the executor takes.", Value.BUDGET_USAGE);
    meters.gauge("weft.scheduler.block.size", "Positions of one KV block.", tags,
        p -> spec.blockSize());
    meters.gauge("weft.scheduler.blocks", "KV blocks, the null block included.", tags,
        p -> spec.numBlocks());
  }

  private void gauge(String name, String description, Value value) {
    meters.gauge("weft.scheduler." + name, description, tags, p -> p.count(value));
  }

  private void share(String name, String description, Value value) {
    meters.gauge("weft.scheduler." + name, description, tags, p -> p.share(value));
  }

  private void registerCounters() {
    meters.counter(STEPS, "Planned steps.", tags, p -> p.count(Value.STEPS));
    counter("steps.empty", "Planned steps without a row.", Value.EMPTY_STEPS);
    counter("steps.failed", "Steps of whose result nothing can be trusted.", Value.FAILED_STEPS);
    counter("tokens.scheduled", "Tokens in rows of all steps, drafts included.",
        Value.SCHEDULED_TOKENS);
    counter("tokens.recomputed", "Scheduled tokens that had been computed before and were lost.",
        Value.RECOMPUTED_TOKENS);
    for (Grant grant : Grant.values()) {
      meters.counter("weft.scheduler.grants", "Answers to a policy that wanted a row.",
          tags.and("answer", label(grant)), p -> p.grants(grant));
    }
    for (FinishReason reason : FinishReason.values()) {
      meters.counter("weft.scheduler.finished", "Sequences that ended.",
          tags.and("reason", label(reason)), p -> p.finished(reason));
    }
    counter("policy.failures", "Exceptions that came out of the policy.", Value.POLICY_FAILURES);
    counter("drafts.refused", "Proposals of drafters that were refused.", Value.DRAFT_REFUSALS);
    counter("drafting.failures",
        "Exceptions that came out of the drafter or the policy of draft lengths.",
        Value.DRAFTING_FAILURES);
    counter("listener.failures", "Exceptions that came out of listeners.",
        Value.LISTENER_FAILURES);
  }

  private void counter(String name, String description, Value value) {
    meters.counter("weft.scheduler." + name, description, tags, p -> p.count(value));
  }

  private static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  @Override public void onStep(int numTokens, long stepNanos, long deviceNanos) {
    step.record(stepNanos, NANOSECONDS);
    device.record(deviceNanos, NANOSECONDS);
  }
}
