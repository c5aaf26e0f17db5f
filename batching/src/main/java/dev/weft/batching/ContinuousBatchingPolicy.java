package dev.weft.batching;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.ChunkRule;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.VictimSelector;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

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
  private final @Nullable ServiceAccount account;
  private final int numLevels;
  private final Predicate<SequenceView> isOfLevel;
  private int level;

  private ContinuousBatchingPolicy(Builder b) {
    batch =
        new Batch(b.order, b.candidates, b.urgency, b.chunkRule, b.gate, b.victims, b.account);
    account = b.account;
    numLevels = b.numLevels;
    Urgency urgency = b.urgency;
    isOfLevel = sequence -> urgency.of(sequence) == level;
  }

  /** First come, first served; {@link NewestFirst} loses. Priorities mean nothing. */
  public static ContinuousBatchingPolicy fcfs() {
    return builder().build();
  }

  /** The more urgent first; {@link LeastLostWork} loses. */
  public static ContinuousBatchingPolicy withPriorities() {
    return builder().urgency(Urgency.PRIORITY).build();
  }

  /** First come, first served, until told otherwise. */
  public static Builder builder() {
    return new Builder();
  }

  @Override public WaitingOrder waitingOrder() {
    return batch.order();
  }

  @Override public void plan(StepBuilder step) {
    begin();
    if (numLevels == 0) {
      run(step, RowKind.ANY);
      admit(step);
    } else {
      fillByLevel(step);
    }
    rescue(step);
  }

  private void fillByLevel(StepBuilder step) {
    boolean isOpen = true;
    for (level = 0; level < numLevels; level++) {
      run(step, isOfLevel);
      isOpen = isOpen && admit(step, isOfLevel);
    }
  }

  @Override public void onAdd(SequenceView sequence) {
    if (account != null) {
      account.onAdd(sequence);
    }
  }

  @Override public void onStep(StepFeedback feedback) {
    for (int row = 0; account != null && row < feedback.numRows(); row++) {
      if (feedback.isLive(row)) {
        account.onRow(feedback.sequence(row), feedback, row);
      }
    }
  }

  // ---- parts of a step, for a policy that wants them in another order

  /** Starts a step; before all other parts. */
  public void begin() {
    batch.begin();
  }

  /** Leaves so many tokens of the step's budget unused from now on. */
  public void withhold(int numTokens) {
    batch.withhold(numTokens);
  }

  /**
   * Gives rows to some of the running sequences, say a {@link RowKind}, oldest admission first; who
   * finds no block takes them from victims.
   */
  public void run(StepBuilder step, Predicate<SequenceView> which) {
    batch.run(step, which);
  }

  /**
   * Gives running sequences the shortest row, when otherwise the step would be empty: they may wait
   * for blocks that come back by themselves and have some positions left. Part of {@link #rescue}.
   */
  public void runLittle(StepBuilder step) {
    batch.runLittle(step);
  }

  /** Admits waiting sequences in their order until one finds no room or the gate stops. */
  public void admit(StepBuilder step) {
    batch.admit(step, RowKind.ANY);
  }

  /**
   * As {@link #admit(StepBuilder)}, and stops at the first who is none of these.
   *
   * @return false when one found no room or the gate stopped, so that nobody behind should be
   *     admitted
   */
  public boolean admit(StepBuilder step, Predicate<SequenceView> which) {
    return batch.admit(step, which);
  }

  /**
   * Gives somebody a row, when otherwise the step would be empty with nothing in flight; at the end
   * of every step.
   */
  public void rescue(StepBuilder step) {
    batch.rescue(step);
  }

  /** Collects what the policy leaves open. */
  public static final class Builder {
    private WaitingOrder order = WaitingOrder.ARRIVAL;
    private Candidates candidates = new WaitingInOrder();
    private Urgency urgency = Urgency.NONE;
    private int numLevels;
    private @Nullable ServiceAccount account;
    private ChunkRule chunkRule = ChunkRule.ALL;
    private AdmissionGate gate = FullPromptGate.sparingPercent(1);
    private VictimSelector victims = new NewestFirst();

    private Builder() {}

    /** In which order sequences wait and are admitted; default arrival. */
    public Builder order(WaitingOrder value) {
      order = Objects.requireNonNull(value, "order");
      return this;
    }

    /**
     * Lets the more urgent wait ahead of others and take the place of strictly less urgent ones;
     * sets the order, and {@link LeastLostWork} as the order of victims.
     */
    public Builder urgency(Urgency value) {
      urgency = Objects.requireNonNull(value, "urgency");
      order = new UrgencyOrder(value);
      victims = new LeastLostWork(value);
      return this;
    }

    /**
     * Fills the step level by level, where the urgency of all is 0 to {@code numLevels - 1}:
     * running and then waiting sequences of a level, before the less urgent get any token.
     * Otherwise all that run get theirs before any is admitted. Cost of a step O(levels times
     * running).
     */
    public Builder levels(int value) {
      if (value < 1) {
        throw new IllegalArgumentException("levels is " + value + ", must be 1 or more");
      }
      numLevels = value;
      return this;
    }

    /** Who hears what sequences are given; default nobody. */
    public Builder account(ServiceAccount value) {
      account = Objects.requireNonNull(value, "account");
      return this;
    }

    /** Who comes up for admission next; default the waiting list in its order. */
    public Builder candidates(Candidates value) {
      candidates = Objects.requireNonNull(value, "candidates");
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
