package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * A queue for each tenant, first come, first served, and a counter of what the tenant was given:
 * the one with the least counter comes up for admission next. A subclass says what is charged; so
 * counters that change with every admission cost no sorting of the waiting list.
 *
 * <pre>
 *   waiting list   | tenant 0, by arrival | tenant 1, by arrival | ...
 *   queue of 1                             next ......... end
 * </pre>
 *
 * <p>Cost O(tenants seen) a pass and a candidate. Holds one small object for each tenant name that
 * ever came, because its counter counts; a host whose users can make up names must bound them.
 */
public abstract class TenantQueues implements WaitingOrder, Candidates, ServiceAccount {
  private final Map<String, Tenant> tenantByName = new HashMap<>();
  private final List<Tenant> tenants = new ArrayList<>();
  private final SequenceLongs tenantIndex = new SequenceLongs();
  private final Function<String, Tenant> enrol = this::enrol;
  private final ToDoubleFunction<String> weights;

  /** @param weights share of a tenant's name, above 0; asked once for each */
  protected TenantQueues(ToDoubleFunction<String> weights) {
    this.weights = Objects.requireNonNull(weights, "weights");
  }

  /**
   * The counter of a tenant from now on, whose request arrives when none of its own waits.
   *
   * @param counter what it was
   * @param least   the least counter of the other tenants with waiting requests; {@code counter}
   *                when there is none
   */
  protected abstract double counterOnReturn(double counter, double least);

  /** Adds a cost, divided by the weight, to the counter of the sequence's tenant. */
  protected final void charge(SequenceView sequence, double cost) {
    Tenant tenant = tenantOf(sequence);
    tenant.counter += cost / tenant.weight;
  }

  /** What a tenant was charged so far; 0 for one that never came. */
  public final double counter(String name) {
    Tenant tenant = tenantByName.get(name);
    return tenant == null ? 0 : tenant.counter;
  }

  private Tenant tenantOf(SequenceView sequence) {
    return tenants.get((int) tenantIndex.get(sequence));
  }

  private Tenant enrol(String name) {
    double weight = weights.applyAsDouble(name);
    if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "weight of tenant " + name + " is " + weight + ", must be above 0 and finite");
    }
    Tenant tenant = new Tenant(tenants.size(), weight);
    tenants.add(tenant);
    return tenant;
  }

  @Override public void onAdd(SequenceView sequence) {
    tenantIndex.set(sequence, tenantByName.computeIfAbsent(sequence.tenant(), enrol).index);
  }

  // ---- the waiting list, grouped by tenant

  @Override public final boolean precedes(SequenceView entering, SequenceView waiting) {
    long tenantOfEntering = tenantIndex.get(entering);
    long tenantOfWaiting = tenantIndex.get(waiting);
    return tenantOfEntering != tenantOfWaiting
        ? tenantOfEntering < tenantOfWaiting
        : entering.arrivalIndex() < waiting.arrivalIndex();
  }

  @Override public final void onEnter(SequenceView entering) {
    Tenant tenant = tenantOf(entering);
    if (tenant.numWaiting == 0 && entering.numPreemptions() == 0) {
      tenant.counter = counterOnReturn(tenant.counter, leastCounterWaiting(tenant.counter));
    }
    tenant.numWaiting++;
  }

  private double leastCounterWaiting(double otherwise) {
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < tenants.size(); i++) {
      Tenant tenant = tenants.get(i);
      least = tenant.numWaiting > 0 ? Math.min(least, tenant.counter) : least;
    }
    return least == Double.POSITIVE_INFINITY ? otherwise : least;
  }

  @Override public final void onLeave(SequenceView leaving) {
    tenantOf(leaving).numWaiting--;
  }

  // ---- who comes next

  @Override public final void begin(StepFacts step) {
    int end = 0;
    for (int i = 0; i < tenants.size(); i++) {
      Tenant tenant = tenants.get(i);
      tenant.next = end;
      end += tenant.numWaiting;
      tenant.end = end;
    }
  }

  @Override public final @Nullable SequenceView next(StepFacts step) {
    Tenant first = null;
    for (int i = 0; i < tenants.size(); i++) {
      Tenant tenant = tenants.get(i);
      if (tenant.next < tenant.end && (first == null || tenant.counter < first.counter)) {
        first = tenant;
      }
    }
    SequenceList waiting = step.waiting();
    return first == null ? null : waiting.get(first.next++);
  }

  /** One tenant's account and the part of the waiting list that is its queue. */
  private static final class Tenant {
    private final int index;
    private final double weight;
    private double counter;
    private int numWaiting;
    private int next;
    private int end;

    private Tenant(int index, double weight) {
      this.index = index;
      this.weight = weight;
    }
  }
}
