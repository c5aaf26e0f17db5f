package dev.weft.testkit;

import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.List;

/** A sequence that a {@link HandScheduler} drives. */
final class HandSequence {
  final int slot;
  final int numPromptTokens;
  final List<Integer> tokens = new ArrayList<>();
  final List<Integer> blocks = new ArrayList<>();
  int numComputed;
  int numUnread;

  HandSequence(int slot, int[] prompt) {
    this.slot = slot;
    numPromptTokens = prompt.length;
    for (int token : prompt) {
      tokens.add(token);
    }
  }

  /** Takes back all tokens from a position on, computed or not, and goes on with others. */
  void goBack(int position, int... others) {
    tokens.subList(position, tokens.size()).clear();
    for (int token : others) {
      tokens.add(token);
    }
    numComputed = position;
  }

  int[] tokens(int position, int numTokens) {
    return tokens.subList(position, position + numTokens).stream().mapToInt(t -> t).toArray();
  }

  int numOutputTokens() {
    return tokens.size() - numPromptTokens;
  }

  int[] output() {
    return tokens(numPromptTokens, numOutputTokens());
  }

  /** Appends what a step sampled; tokens after the first are accepted drafts, whose KV exists. */
  void receive(StepResult result, int row) {
    int numSampled = result.numTokens(row);
    for (int i = 0; i < numSampled; i++) {
      tokens.add(result.token(row, i));
    }
    if (numSampled > 0) {
      numUnread--;
      numComputed += numSampled - 1;
    }
  }
}
