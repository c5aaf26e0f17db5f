package dev.weft.schedulerapi;

/** How drafts of a request are accepted. */
public enum Verification {
  /**
   * Every position is sampled exactly as without drafts, and drafts are accepted while they equal
   * the sample. Output is the same token for token, whatever is drafted.
   */
  COUPLED,
  /**
   * A draft x drawn from q is accepted with probability min(1, p(x) / q(x)), else a token is drawn
   * from what is left of p (Leviathan et al., ICML 2023; for siblings of a tree one after another,
   * Miao et al., SpecInfer, ASPLOS 2024). Output has the same distribution as without drafts, but
   * other tokens, which depend on what was drafted. With greedy sampling the same as
   * {@link #COUPLED}.
   *
   * <p>A draft without choices is taken to be certain, and accepted with probability p(x): that is
   * right however it was found. A draft with choices must have been drawn from them, with other
   * random numbers than the executor uses, and must reach it whichever token was drawn: leaving it
   * out because of what it is would change the output.
   */
  REJECTION,
  /**
   * LOSSY: changes the distribution of the output. A draft x is accepted when p(x) is above
   * min(0.09, 0.3 exp(-H(p))), that is when it is not unlikely where the model is sure, or at all
   * plausible where it is not (Cai et al., Medusa, ICML 2024). With greedy sampling the same as
   * {@link #COUPLED}.
   */
  TYPICAL
}
