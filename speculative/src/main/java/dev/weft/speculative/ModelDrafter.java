package dev.weft.speculative;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;

/**
 * Drafts chains with a small model (Leviathan et al., Fast Inference from Transformers via
 * Speculative Decoding, ICML 2023). The model samples with the request's own parameters and seed,
 * so that under coupled verification it agrees with the target as often as the two distributions
 * allow without either knowing of the other.
 *
 * <p>For a request that asks for rejection sampling each draft carries its distribution. The
 * executor draws from softmax(logits / T) over the k largest logits. It reports log-probabilities,
 * which are the logits less one number, the logarithm of their normaliser; divided by T and
 * normalised over the same k tokens, that number falls out, and what remains is the distribution
 * drawn from, up to rounding. Where the k-th and the next are equal the executor keeps both: then
 * the chain ends before that draft, which says nothing about what was drawn.
 *
 * <p>Drafts that the target's vocabulary does not have end a chain. Cost: what the executor takes
 * for one step for each draft of the longest chain, and for the tokens since the last call.
 */
public final class ModelDrafter implements Drafter {
  /** Log-probabilities that close may be of equal logits. */
  private static final float TIE = 1e-5f;

  private final DraftModel model;
  private final int maxNumDraftTokens;
  private final DraftSampling sampling;
  private final Drafts[] proposals;

  /**
   * @param model             closed with this
   * @param maxNumDraftTokens longest chain, 1 or more
   */
  public ModelDrafter(DraftModel model, int maxNumDraftTokens) {
    if (maxNumDraftTokens < 1) {
      throw new IllegalArgumentException(
          "maxNumDraftTokens is " + maxNumDraftTokens + ", must be 1 or more");
    }
    this.model = model;
    this.maxNumDraftTokens = maxNumDraftTokens;
    sampling = new ChainSampling(model.spec().maxNumLogprobs());
    proposals = new Drafts[model.numSequences()];
    for (int i = 0; i < proposals.length; i++) {
      proposals[i] = new Drafts();
    }
  }

  @Override public int maxNumDraftTokens() {
    return maxNumDraftTokens;
  }

  @Override public void propose(DraftBatch batch) {
    int numActive = model.begin(batch, maxNumDraftTokens, sampling);
    for (int active = 0; active < numActive; active++) {
      proposals[active].clear();
    }
    boolean goesOn = numActive > 0;
    for (int level = 0; goesOn; level++) {
      goesOn = model.sample(batch, level);
      for (int active = 0; active < numActive; active++) {
        if (model.numDrafts(active) > level && proposals[active].numDrafts() == level
            && !append(batch, active, level)) {
          model.stop(active);
        }
      }
    }
    for (int active = 0; active < numActive; active++) {
      if (proposals[active].numDrafts() > 0) {
        batch.propose(model.batchIndex(active), proposals[active]);
      }
    }
  }

  @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
    model.onFinish(sequence.handle());
  }

  @Override public void close() {
    model.close();
  }

  /** Appends what the model sampled; false when the chain must end before it. */
  private boolean append(DraftBatch batch, int active, int level) {
    int token = model.draft(active, level);
    if (token >= batch.vocabularySize()) {
      return false;
    }
    boolean isDrawn = DraftSampling.isRejected(batch.sampling(model.batchIndex(active)))
        && !model.sampling(active).isGreedy();
    if (isDrawn) {
      return appendDrawn(batch.vocabularySize(), active, token);
    }
    proposals[active].add(token);
    return true;
  }

  /** Tokens that cannot be drafted end chains, so the distribution is that of the others. */
  private boolean appendDrawn(int vocabularySize, int active, int token) {
    RankedTokens ranked = model.ranked();
    SamplingParameters drawn = model.sampling(active);
    int numChoices = Math.min(drawn.topK(), ranked.numRanked(active));
    boolean isTied = ranked.numRanked(active) > numChoices
        && ranked.logprob(active, numChoices - 1) - ranked.logprob(active, numChoices) < TIE;
    double sum = 0;
    boolean isListed = false;
    for (int rank = 0; rank < numChoices; rank++) {
      if (ranked.token(active, rank) < vocabularySize) {
        sum += weight(active, rank, drawn.temperature());
        isListed |= ranked.token(active, rank) == token;
      }
    }
    if (isTied || !isListed) {
      return false;
    }
    Drafts proposal = proposals[active].add(token);
    for (int rank = 0; rank < numChoices; rank++) {
      float probability = (float) (weight(active, rank, drawn.temperature()) / sum);
      if (ranked.token(active, rank) < vocabularySize && probability > 0) {
        proposal.addChoice(ranked.token(active, rank), probability);
      }
    }
    return true;
  }

  private double weight(int active, int rank, float temperature) {
    RankedTokens ranked = model.ranked();
    double behind = ranked.logprob(active, rank) - ranked.logprob(active, 0);
    return StrictMath.exp(behind / temperature);
  }
}
