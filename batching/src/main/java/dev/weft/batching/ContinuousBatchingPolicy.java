package dev.weft.batching;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.ChunkRule;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.VictimSelector;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.Objects;

/**
 * The default: a batch that is formed anew in every step (Yu et al., Orca, OSDI 2022), prompts and
 * decodes mixed (Agrawal et al., Sarathi-Serve, OSDI 2024). Running sequences first, in order of
 * admission, each as much as its chunk rule says; who finds no block takes them from the selected
 * victim. Then waiting ones in their order, until one finds too few blocks or slots; who cannot run
 * for another reason is passed over. With priorities, a strictly more urgent one takes the place of
 * less urgent ones, if those hold enough.
 *
 * <p>Nobody is admitted whom a victim of the same step precedes, so a preempted sequence keeps its
 * place. Live: the sequence that is last in the order of victims always gets its blocks, and no
 * step is empty while something fits and nothing is in flight. A less urgent sequence may wait for
 * as long as more urgent ones arrive; see {@link PriorityPolicy}.
 *
 * <p>Cost of a step O(running + admitted + passed over), and O(running) a victim; allocates
 * nothing.
 */
public final class ContinuousBatchingPolicy implements SchedulingPolicy {
  private final Batch batch;

  private ContinuousBatchingPolicy(Builder b) {
    batch = new Batch(b.order, b.urgency, b.chunkRule, b.gate, b.victims);
  }

  /** First come, first served; {@link NewestFirst} loses. Priorities mean nothing. */
  public static ContinuousBatchingPolicy fcfs() {
    return builder().build();
  }

  /** The more urgent first; {@link LeastLostWork} loses. */
  public static ContinuousBatchingPolicy withPriorities() {
    return builder().usePriorities().build();
  }

  /** First come, first served, until told otherwise. */
  public static Builder builder() {
    return new Builder();
  }

  @Override public WaitingOrder waitingOrder() {
    return batch.order();
  }

  @Override public void plan(StepBuilder step) {
    batch.plan(step);
  }

  /** Collects what the policy leaves open. */
  public static final class Builder {
    private WaitingOrder order = WaitingOrder.ARRIVAL;
    private Urgency urgency = Urgency.NONE;
    private ChunkRule chunkRule = ChunkRule.ALL;
    private AdmissionGate gate = FullPromptGate.sparingPercent(1);
    private VictimSelector victims = new NewestFirst();

    private Builder() {}

    /** Lets the more urgent go first, and sets {@link LeastLostWork} as the order of victims. */
    public Builder usePriorities() {
      order = WaitingOrder.PRIORITY;
      urgency = Urgency.PRIORITY;
      victims = new LeastLostWork();
      return this;
    }

    /** How much each sequence should get; default {@link ChunkRule#ALL}. */
    public Builder chunkRule(ChunkRule value) {
      chunkRule = Objects.requireNonNull(value, "chunkRule");
      return this;
    }

    /**
     * Who may be admitted; default {@link FullPromptGate}, 1 percent spared. Its verdicts hold also
     * where the step stays empty, and for the more urgent; those of a {@link FullPromptGate} do
     * not.
     */
    public Builder gate(AdmissionGate value) {
      gate = Objects.requireNonNull(value, "gate");
      return this;
    }

    /** Who loses its blocks when a running sequence finds none. */
    public Builder victims(VictimSelector value) {
      victims = Objects.requireNonNull(value, "victims");
      return this;
    }

    public ContinuousBatchingPolicy build() {
      return new ContinuousBatchingPolicy(this);
    }
  }
}
