package dev.weft.testkit.conformance;

import org.jspecify.annotations.Nullable;

/**
 * One request of a scenario, its prompt expanded.
 *
 * @param id          as in the scenario
 * @param index       place in the scenario's list
 * @param arrivalRank requests of equal arrival time share it, later ones have a greater one
 * @param idRank      place of the id among all, as texts
 * @param eosAt       number of the output token that is the end token, from 1; 0 = never
 * @param abortStep   step in which it is aborted, -1 = never
 * @param abortsDuring whether that is between schedule and outputs, instead of before
 * @param cacheSalt   null for none, which is not the same as an empty one
 * @param drafts      null when nothing is proposed for it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ScenarioRequest(String id, int index, long seed, int arrivalStep, long arrivalRank,
    long idRank, int priority, int[] prompt, int maxTokens, int minTokens, int eosAt,
    int abortStep, boolean abortsDuring, @Nullable String cacheSalt, int adapter,
    boolean skipsCacheRead, @Nullable DraftScript drafts) {
  /** Output token {@code index}, from 0, as the model of the schema says it. */
  public int output(int index, int vocabularySize) {
    return output(seed, prompt.length, index, eosAt, vocabularySize);
  }

  static int output(long seed, int promptLength, int index, int eosAt, int vocabularySize) {
    return eosAt == index + 1
        ? vocabularySize : token(seed, (long) promptLength + index, vocabularySize);
  }

  /** Token of a seed at a position: never negative, whatever the seed. */
  static int token(long seed, long position, int vocabularySize) {
    return Math.floorMod(seed * 31 + position * 7, vocabularySize);
  }
}
