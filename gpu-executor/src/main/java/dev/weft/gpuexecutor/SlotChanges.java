package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.*;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;

/**
 * Packs what a plan changes in the slots: attached sequences and block tables. Remembers which
 * slots want log-probabilities.
 */
final class SlotChanges {
  private final int vocabularySize;
  private final int maxNumLogprobs;
  private final boolean[] wantsLogprobs;

  /** By slot: the place of its table written last, and the number of the plan that did it. */
  private final int[] lastPlace;

  private final long[] lastWriter;
  private long numPlans;

  SlotChanges(ExecutorSpec spec) {
    vocabularySize = spec.vocabularySize();
    maxNumLogprobs = spec.maxNumLogprobs();
    wantsLogprobs = new boolean[spec.numSlots()];
    lastPlace = new int[spec.numSlots()];
    lastWriter = new long[spec.numSlots()];
  }

  /** The most ints that {@link #packAttached} takes for a slot. */
  static long maxIntsPerSlot(ExecutorSpec spec) {
    return ATTACHED_INTS
        + SamplingParameters.MAX_NUM_STOP_TOKENS
        + 2L * SamplingParameters.MAX_NUM_BIASED_TOKENS
        + spec.maxModelLen()
        + PackedInts.maxPadding();
  }

  /** Whether the sequence in a slot reports log-probabilities. */
  boolean wantsLogprobs(int slot) {
    return wantsLogprobs[slot];
  }

  /** Packs the attached sequences. */
  void packAttached(StepPlan plan, PackedInts ints) {
    int attached = ints.section(plan.numAttached() * ATTACHED_INTS);
    ints.put(HEADER_NUM_ATTACHED, plan.numAttached());
    ints.put(HEADER_ATTACHED, attached);
    for (int i = 0; i < plan.numAttached(); i++) {
      int record = attached + i * ATTACHED_INTS;
      packParameters(plan, i, ints, record);
      packLists(plan, i, ints, record);
    }
  }

  private void packParameters(StepPlan plan, int index, PackedInts ints, int record) {
    SamplingParameters parameters = plan.attachedSampling(index);
    int slot = plan.attachedSlot(index);
    boolean reports = maxNumLogprobs >= 0 && parameters.numLogprobs() >= 0;
    int numTop = Math.min(Math.min(parameters.numLogprobs(), maxNumLogprobs), vocabularySize);
    wantsLogprobs[slot] = reports;
    ints.put(record + ATTACHED_SLOT, slot);
    ints.put(record + SLOT_SEED, plan.attachedSeed(index));
    ints.put(record + SLOT_TEMPERATURE, parameters.temperature());
    ints.put(record + SLOT_TOP_K, parameters.topK());
    ints.put(record + SLOT_TOP_P, parameters.topP());
    ints.put(record + SLOT_MIN_P, parameters.minP());
    ints.put(record + SLOT_REPETITION_PENALTY, parameters.repetitionPenalty());
    ints.put(record + SLOT_PRESENCE_PENALTY, parameters.presencePenalty());
    ints.put(record + SLOT_FREQUENCY_PENALTY, parameters.frequencyPenalty());
    ints.put(record + SLOT_HAS_PENALTIES, parameters.hasPenalties() ? 1 : 0);
    ints.put(record + SLOT_NUM_PROMPT_TOKENS, plan.attachedNumPromptTokens(index));
    ints.put(record + SLOT_MIN_NEW_TOKENS, parameters.minNewTokens());
    ints.put(record + SLOT_NUM_LOGPROBS, reports ? numTop : SamplingParameters.NO_LOGPROBS);
  }

  /** Stop tokens and biases of tokens that do not exist are left out, as they change nothing. */
  private void packLists(StepPlan plan, int index, PackedInts ints, int record) {
    SamplingParameters parameters = plan.attachedSampling(index);
    int numHistory = parameters.hasPenalties() ? plan.attachedNumTokens(index) : 0;
    int numStops = parameters.numStopTokens();
    int numBiases = parameters.numBiasedTokens();
    int stops = ints.section(numStops + 2 * numBiases + numHistory);
    int end = stops;
    for (int i = 0; i < numStops; i++) {
      if (parameters.stopTokenId(i) < vocabularySize) {
        ints.put(end++, parameters.stopTokenId(i));
      }
    }
    ints.put(record + ATTACHED_STOPS, stops);
    ints.put(record + SLOT_NUM_STOPS, end - stops);
    int biases = end;
    for (int i = 0; i < numBiases; i++) {
      if (parameters.biasedTokenId(i) < vocabularySize) {
        ints.put(end++, parameters.biasedTokenId(i));
        ints.put(end++, parameters.bias(i));
      }
    }
    ints.put(record + ATTACHED_BIASES, biases);
    ints.put(record + SLOT_NUM_BIASES, (end - biases) / 2);
    ints.put(record + ATTACHED_HISTORY, end);
    ints.put(record + ATTACHED_NUM_HISTORY, numHistory);
    for (int position = 0; position < numHistory; position++) {
      ints.put(end + position, plan.attachedToken(index, position));
    }
  }

  /**
   * Packs the table writes.
   *
   * @return true when they must take effect in their order: a place may be written twice
   */
  boolean packTableWrites(StepPlan plan, PackedInts ints) {
    numPlans++;
    int numWrites = plan.numTableWrites();
    int writes = ints.section(numWrites * WRITE_INTS);
    ints.put(HEADER_NUM_TABLE_WRITES, numWrites);
    ints.put(HEADER_TABLE_WRITES, writes);
    boolean isOrdered = false;
    for (int i = 0; i < numWrites; i++) {
      int slot = plan.tableWriteSlot(i);
      int place = plan.tableWriteIndex(i);
      ints.put(writes + i * WRITE_INTS + WRITE_SLOT, slot);
      ints.put(writes + i * WRITE_INTS + WRITE_INDEX, place);
      ints.put(writes + i * WRITE_INTS + WRITE_BLOCK, plan.tableWriteBlock(i));
      isOrdered |= lastWriter[slot] == numPlans && place <= lastPlace[slot];
      lastWriter[slot] = numPlans;
      lastPlace[slot] = place;
    }
    return isOrdered;
  }
}
