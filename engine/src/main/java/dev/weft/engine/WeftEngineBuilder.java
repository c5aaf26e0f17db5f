package dev.weft.engine;

import dev.weft.batching.Scheduler;
import dev.weft.batching.SchedulerBuilder;
import dev.weft.engine.journal.FlightRecorder;
import dev.weft.engine.journal.JournalSetup;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.pagedkv.PagedKvCacheBuilder;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepExecutor;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Wires a {@link WeftEngine}; everything but the executor has a default. */
public final class WeftEngineBuilder {
  private final StepExecutor executor;
  private SchedulerLimits limits;
  private EngineProfile profile = EngineProfile.standard();
  private @Nullable SchedulingPolicy policy;
  private SchedulerListener listener = new FailureLog();
  private EvictionRank evictionRank = EvictionRank.LEAST_RECENTLY_USED;
  private boolean cachesPrefixes = true;
  private long seed;
  private int maxNumWaitingPerTenant = TenantBound.UNBOUNDED;
  private Duration stepTimeout = Duration.ofSeconds(60);
  private @Nullable Executor callbackExecutor;
  private @Nullable FlightRecorder journal;
  private @Nullable Drafter drafter;
  private DraftLengthPolicy draftLengths = DraftLengthPolicy.LONGEST;
  private long draftLimitNanos = DraftPace.AS_LONG_AS_A_STEP;
  LongSupplier clock = System::nanoTime;
  ThreadFactory threads = new EngineThreads();
  IdleStrategy idleStrategy = IdleStrategy.PARK;

  WeftEngineBuilder(StepExecutor executor) {
    this.executor = Objects.requireNonNull(executor, "executor");
    limits = limitsFor(executor.spec()).build();
  }

  /**
   * Limits that use all of an executor and let 4,096 sequences wait; a start for own limits. With
   * steps in flight half of the slots are left to rest until their detaching step has completed.
   */
  public static SchedulerLimits.Builder limitsFor(ExecutorSpec spec) {
    int numRestingSlots = spec.maxInFlight() > 1 ? spec.numSlots() / 2 : 0;
    return SchedulerLimits.builder()
        .maxNumSeqs(Math.max(1, Math.min(spec.maxNumRows(), spec.numSlots() - numRestingSlots)))
        .maxNumBatchedTokens(spec.maxNumBatchedTokens())
        .maxModelLen(spec.maxModelLen())
        .vocabularySize(spec.vocabularySize())
        .maxInFlight(spec.maxInFlight())
        .maxNumDraftTokens(spec.maxNumDraftTokens());
  }

  /** Default: {@link #limitsFor} the executor. */
  public WeftEngineBuilder limits(SchedulerLimits value) {
    limits = Objects.requireNonNull(value, "limits");
    return this;
  }

  /** Policy and cache under one name; default: {@link EngineProfile#standard}. */
  public WeftEngineBuilder profile(EngineProfile value) {
    profile = Objects.requireNonNull(value, "profile");
    return this;
  }

  /** Who decides, instead of the policy of the profile. */
  public WeftEngineBuilder policy(SchedulingPolicy value) {
    policy = Objects.requireNonNull(value, "policy");
    return this;
  }

  /**
   * Adds an observer of everything the scheduler does, say metrics or a timeline; default: none. It
   * is called on the driving thread within a round, so it must be quick: consumers of tokens belong
   * to {@link Generation}. Listeners are told in the order in which they were added; an exception
   * of one is logged and otherwise without effect, an {@link Error} fails the engine.
   */
  public WeftEngineBuilder listener(SchedulerListener value) {
    listener = new Both(listener, Objects.requireNonNull(value, "listener"));
    return this;
  }

  /**
   * Keeps inputs and decisions in a ring of memory, to be written to a file and repeated when
   * something went wrong; default: nothing is kept. {@link FlightRecorder} says what it costs, what
   * it keeps and what its files reveal. For this engine alone.
   */
  public WeftEngineBuilder journal(FlightRecorder value) {
    journal = Objects.requireNonNull(value, "journal");
    return this;
  }

  /**
   * Who proposes tokens before each step, so that the step can verify several at once; default:
   * nobody. No output changes by it, unless a request asks for another verification. The engine
   * closes it.
   */
  public WeftEngineBuilder drafter(Drafter value) {
    drafter = Objects.requireNonNull(value, "drafter");
    return this;
  }

  /** How many drafts each sequence gets; default: as many as the drafter proposes. */
  public WeftEngineBuilder draftLengths(DraftLengthPolicy value) {
    draftLengths = Objects.requireNonNull(value, "draftLengths");
    return this;
  }

  /**
   * What the drafter may take for each step, on average over 16 steps; one that takes more rests,
   * for more and more steps ({@link WeftEngine#numLateDraftCalls}). Default: as long as steps take
   * on the device, and at least 1 ms.
   *
   * @param value above zero
   */
  public WeftEngineBuilder draftTimeLimit(Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException("draftTimeLimit is " + value + ", must be above 0");
    }
    draftLimitNanos = Nanos.of(value);
    return this;
  }

  /** Which idle cached blocks go first; default: least recently used. */
  public WeftEngineBuilder evictionRank(EvictionRank value) {
    evictionRank = Objects.requireNonNull(value, "evictionRank");
    return this;
  }

  /** Shares no prefix between requests; samples of one request still share their prompt. */
  public WeftEngineBuilder withoutPrefixCache() {
    cachesPrefixes = false;
    return this;
  }

  /**
   * Nanoseconds for every call, on which deadlines and arrivals of requests are absolute times;
   * default: {@link System#nanoTime}.
   */
  public WeftEngineBuilder clock(LongSupplier value) {
    clock = Objects.requireNonNull(value, "clock");
    return this;
  }

  /**
   * From which the seeds of requests without one are derived, and of the hash under which prefixes
   * are found; default 0.
   */
  public WeftEngineBuilder seed(long value) {
    seed = value;
    return this;
  }

  /**
   * Most requests of one tenant that may wait for their first step; more are answered FULL.
   * Default: no bound but that of all.
   *
   * @param value 1 or more
   */
  public WeftEngineBuilder maxNumWaitingPerTenant(int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "maxNumWaitingPerTenant is " + value + ", must be 1 or more");
    }
    maxNumWaitingPerTenant = value;
    return this;
  }

  /**
   * How long a device that has steps in flight may complete none before it is taken for dead;
   * default 60 s.
   *
   * @param value above zero
   */
  public WeftEngineBuilder stepTimeout(Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException("stepTimeout is " + value + ", must be above 0");
    }
    stepTimeout = value;
    return this;
  }

  /**
   * Makes the two threads of {@link WeftEngine#start}, one that drives and one that wakes
   * consumers, and those of callbacks unless there is an executor for them. Default: daemon
   * platform threads named {@code weft-} and a number.
   */
  public WeftEngineBuilder threadFactory(ThreadFactory value) {
    threads = Objects.requireNonNull(value, "threadFactory");
    return this;
  }

  /** What the thread of {@link WeftEngine#start} does without work; default PARK. */
  public WeftEngineBuilder idleStrategy(IdleStrategy value) {
    idleStrategy = Objects.requireNonNull(value, "idleStrategy");
    return this;
  }

  /**
   * Where listeners and subscribers of generations are called and stages complete. It must not run
   * them on the submitting thread of {@code execute}, which is the engine's. Default: threads made
   * when needed, so that one stuck callback holds up nobody else.
   */
  public WeftEngineBuilder callbackExecutor(Executor value) {
    callbackExecutor = Objects.requireNonNull(value, "callbackExecutor");
    return this;
  }

  /**
   * @throws IllegalArgumentException when limits and executor do not fit together, or there is a
   *     drafter and the executor verifies no drafts; executor and drafter stay open
   */
  public WeftEngine build() {
    ExecutorSpec spec = executor.spec();
    PagedKvCacheBuilder cache =
        profile.kvCache(limits, spec).evictionRank(evictionRank).hashSeed(seed);
    PagedKvCache kvCache = (cachesPrefixes ? cache : cache.withoutPrefixes()).build();
    TenantBound tenants = new TenantBound(maxNumWaitingPerTenant);
    Courier courier = new Courier();
    Delivery delivery = new Delivery(tenants, courier);
    SchedulingPolicy decides = policy == null ? profile.policy() : policy;
    SchedulerListener observers = new Both(delivery, listener);
    SchedulerBuilder builder =
        Scheduler.builder(limits, spec, kvCache).policy(decides).seed(seed);
    if (journal != null) {
      journal.begin(setup(spec, decides));
      builder.inputs(journal.inputs());
      observers = new Both(journal.decisions(), observers);
    }
    DraftPace drafting = pace(spec);
    if (drafting != null) {
      builder.drafter(drafting).draftLengths(drafting);
    }
    Scheduler scheduler = builder.listener(observers).build();
    Callbacks callbacks = callbackExecutor == null ? Callbacks.onOwnThreads(threads)
        : Callbacks.on(callbackExecutor, threads);
    Intake intake = new Intake(scheduler, clock, callbacks, tenants);
    PublishedStats stats = new PublishedStats();
    EngineLoop loop = new EngineLoop(
        executor, scheduler, drafting, clock, intake, delivery, stats, Nanos.of(stepTimeout));
    return new WeftEngine(this, loop, scheduler, kvCache, intake, courier, stats);
  }

  private @Nullable DraftPace pace(ExecutorSpec spec) {
    if (drafter == null) {
      return null;
    }
    if (spec.maxNumDraftTokens() == 0) {
      throw new IllegalArgumentException("a drafter is set, but the executor verifies no drafts:"
          + " maxNumDraftTokens of its spec is 0, must be 1 or more");
    }
    return new DraftPace(drafter, draftLengths, clock, draftLimitNanos, limits.maxNumHandles());
  }

  private JournalSetup setup(ExecutorSpec spec, SchedulingPolicy decides) {
    return new JournalSetup(limits, spec, seed, Map.of(
        JournalSetup.POLICY, decides.getClass().getName(),
        JournalSetup.PROFILE, profile.name(),
        JournalSetup.CACHES_PREFIXES, Boolean.toString(cachesPrefixes)));
  }
}
