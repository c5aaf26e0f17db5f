package dev.weft.batching.policies;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.TenantQueues;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import java.util.function.ToDoubleFunction;

/**
 * Fair shares for tenants: each has a counter of what it was given, prompt tokens at one price when
 * a request is first admitted, generated ones at another when they come; the next request is the
 * first of the tenant with the least counter. Who comes back is lifted to the least counter of
 * those that wait, so that nobody saves up while idle (VTC: Sheng et al., Fairness in Serving Large
 * Language Models, OSDI 2024; weights as in its weighted form). Between two tenants that always
 * have requests waiting, the difference in service stays below twice the greater of the price of
 * the longest prompt and that of a full cache of generated tokens, as shown there without
 * preemption.
 *
 * <p>Order, candidates and account of a policy; {@link #toBuilder} puts them together, with {@link
 * PeakGate} as in the paper's artifact. Live with that; free of starvation, between tenants by the
 * bound above, within one by arrival. Cost O(tenants seen) a candidate and O(rows) a step; see
 * {@link TenantQueues} for what it keeps. Allocates nothing but for a new tenant.
 */
public final class VirtualTokenCounter extends TenantQueues {
  private final double promptPrice;
  private final double outputPrice;

  /** The prices of the paper, 1 and 2, and equal weights. */
  public VirtualTokenCounter() {
    this(1, 2, tenant -> 1);
  }

  /**
   * Prices of a token, and the share of each tenant, above 0; twice the weight, twice the share.
   */
  public VirtualTokenCounter(
      double promptPrice, double outputPrice, ToDoubleFunction<String> weights) {
    super(weights);
    this.promptPrice = promptPrice;
    this.outputPrice = outputPrice;
  }

  /** A builder with these parts; what else it asks for is open. */
  public ContinuousBatchingPolicy.Builder toBuilder() {
    return ContinuousBatchingPolicy.builder()
        .order(this).candidates(this).account(this).gate(new PeakGate());
  }

  @Override protected double counterOnReturn(double counter, double least) {
    return Math.max(counter, least);
  }

  @Override public void onAdmit(SequenceView admitted) {
    if (admitted.numPreemptions() == 0 && admitted.sampleIndex() == 0) {
      charge(admitted, promptPrice * admitted.numPromptTokens());
    }
  }

  @Override public void onRow(SequenceView sequence, StepFeedback step, int row) {
    charge(sequence, outputPrice * step.numSampledTokens(row));
  }
}
