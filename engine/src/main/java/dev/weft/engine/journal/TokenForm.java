package dev.weft.engine.journal;

/** What a journal keeps of the tokens of prompts, outputs and drafts. */
public enum TokenForm {
  /**
   * One hash of 64 bits for each full KV block, over all tokens up to its end, under a key that is
   * drawn for each recorder and written nowhere. Enough to repeat every decision: blocks that were
   * equal are equal in the replay. The file shows lengths, times, priorities, tenants, which
   * sequences had how many leading blocks in common, and where a stop token came. It does not show
   * a token, nor lets anybody who guesses a text check the guess.
   */
  HASHED,
  /**
   * The token ids themselves, for tests and simulations: a replay delivers the same tokens. Whoever
   * has the file and the tokenizer can read every text in it.
   */
  CLEAR
}
