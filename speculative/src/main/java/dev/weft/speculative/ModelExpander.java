package dev.weft.speculative;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;

/**
 * Expands draft trees with a small model: the reference of a {@link TreeExpander}. It follows one
 * path and gives, behind each token of it, the tokens that its executor reports as most likely.
 *
 * <p>One path, because an executor computes one row of a slot in a step, and its result tells of
 * accepted tokens alone: a second branch would cost a step of its own, or blocks and slots of its
 * own. Most of what a tree gains over a chain is a second chance at the token where the chain
 * breaks, which siblings of the path give at no further step of the draft model.
 *
 * <p>The path goes over the tokens that the model samples with the parameters and the seed of the
 * request, since coupled verification accepts these more often than their probability says: two
 * models that share the noise, or that both take the likeliest token, mostly agree. How likely p a
 * token is becomes (1 + p) / 2 for the one sampled, and p / 2 for the others, as if every second
 * draw agreed for that reason. Requests that ask for rejection sampling take p as it is.
 */
public final class ModelExpander implements TreeExpander {
  private final DraftModel model;
  private final int maxDepth;
  private final int numAlternatives;
  private final DraftSampling sampling = new TreeSampling();

  /** By index in the batch; grows. */
  private int[] activeOfSequence = {};

  private boolean[] isExpanded = {};
  private int numActive;

  /**
   * @param model           closed with this; reports at least {@code numAlternatives} logprobs
   * @param maxDepth        longest path, 1 or more
   * @param numAlternatives likely tokens behind each token of the path, 1 or more
   */
  public ModelExpander(DraftModel model, int maxDepth, int numAlternatives) {
    if (maxDepth < 1) {
      throw new IllegalArgumentException("maxDepth is " + maxDepth + ", must be 1 or more");
    }
    if (numAlternatives < 1 || numAlternatives > model.spec().maxNumLogprobs()) {
      throw new IllegalArgumentException("numAlternatives is " + numAlternatives
          + ", must be 1 to the maxNumLogprobs of the draft executor, "
          + model.spec().maxNumLogprobs());
    }
    this.model = model;
    this.maxDepth = maxDepth;
    this.numAlternatives = numAlternatives;
    isExpanded = new boolean[model.numSequences()];
  }

  @Override public int maxDepth() {
    return maxDepth;
  }

  @Override public int maxNumExpanded() {
    return 1;
  }

  @Override public void begin(DraftBatch batch) {
    if (activeOfSequence.length < batch.numSequences()) {
      activeOfSequence = new int[2 * batch.numSequences()];
    }
    Arrays.fill(activeOfSequence, 0, batch.numSequences(), DraftSlots.NONE);
    numActive = model.begin(batch, maxDepth, sampling);
    for (int active = 0; active < numActive; active++) {
      activeOfSequence[model.batchIndex(active)] = active;
    }
  }

  @Override public void expand(DraftBatch batch, TreeLevel level) {
    Arrays.fill(isExpanded, 0, numActive, false);
    for (int node = 0; node < level.numNodes(); node++) {
      int active = activeOfSequence[level.sequence(node)];
      if (active != DraftSlots.NONE) {
        isExpanded[active] = true;
        if (level.depth() > 0 && model.numDrafts(active) == level.depth()) {
          model.goOnFrom(active, level.token(node));
        }
      }
    }
    for (int active = 0; active < numActive; active++) {
      if (!isExpanded[active]) {
        model.stop(active);
      }
    }
    model.sample(batch, level.depth());
    for (int node = 0; node < level.numNodes(); node++) {
      int active = activeOfSequence[level.sequence(node)];
      if (active != DraftSlots.NONE && model.numDrafts(active) > level.depth()) {
        addChildren(level, node, active, batch.sampling(level.sequence(node)));
      }
    }
  }

  private void addChildren(TreeLevel level, int node, int active, SamplingParameters target) {
    RankedTokens ranked = model.ranked();
    int numRanked = ranked.numRanked(active);
    boolean isCoupled = !DraftSampling.isRejected(target);
    float temperature = target.isGreedy() ? 1 : target.temperature();
    double sum = 0;
    double unreported = 1;
    for (int rank = 0; rank < numRanked; rank++) {
      sum += weight(active, rank, temperature);
      unreported -= weight(active, rank, 1);
    }
    // What was not reported is taken for one token.
    sum += StrictMath.pow(Math.max(0, unreported), 1 / temperature);
    int sampled = ranked.sampled(active);
    // Sampled though not the likeliest, by penalties or by chance, it comes first all the same.
    float best = (float) (weight(active, 0, temperature) / sum);
    level.addChild(node, sampled, isCoupled ? (1 + best) / 2 : best);
    for (int rank = 0; rank < numRanked; rank++) {
      float other = (float) (weight(active, rank, temperature) / sum);
      if (ranked.token(active, rank) != sampled) {
        level.addChild(node, ranked.token(active, rank), isCoupled ? other / 2 : other);
      }
    }
  }

  private double weight(int active, int rank, float temperature) {
    return StrictMath.exp(model.ranked().logprob(active, rank) / temperature);
  }

  @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
    model.onFinish(sequence.handle());
  }

  @Override public void close() {
    model.close();
  }

  /** As the request, or greedy where drafts must not depend on what the target draws. */
  private final class TreeSampling implements DraftSampling {
    @Override public SamplingParameters parameters(SamplingParameters target) {
      SamplingParameters own = DraftSampling.isRejected(target)
          ? SamplingParameters.greedy(target.maxNewTokens()) : target;
      return DraftSampling.withoutDrafts(own, numAlternatives);
    }

    @Override public long seed(SamplingParameters target, long seed) {
      return seed;
    }
  }
}
