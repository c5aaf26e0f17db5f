package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Valid plans at random, one after another: sequences come, are computed in chunks, drafted for in
 * chains, trees and placeholders, masked, taken back, preempted, resumed in other slots and ended.
 * Block tables and copies make no sense, but no executor could tell.
 */
final class RandomPlans {
  private final ExecutorSpec spec;
  private final Random random;
  private final PlanWriter writer = new PlanWriter();
  private final Sequence[] slots;
  private final List<Sequence> preempted = new ArrayList<>();
  private final List<Sequence> rows = new ArrayList<>();
  private long numRequests;
  private int numWrites;

  /** One sequence on its way. */
  private static final class Sequence {
    final Request request;
    final List<Integer> tokens = new ArrayList<>();
    int numComputed;
    int numBlocks;
    int numComputing;
    boolean isLastOnDevice;

    Sequence(Request request) {
      this.request = request;
      for (int i = 0; i < request.numPromptTokens(); i++) {
        tokens.add(request.promptToken(i));
      }
    }

    int[] known(int from, int to) {
      return tokens.subList(from, to).stream().mapToInt(token -> token).toArray();
    }
  }

  RandomPlans(ExecutorSpec spec, Random random) {
    this.spec = spec;
    this.random = random;
    slots = new Sequence[spec.numSlots()];
  }

  /** The next plan; the result of the one before has been applied. */
  StepPlan next() {
    numWrites = 0;
    detachSome();
    attachSome();
    rows.clear();
    int tokensLeft = spec.maxNumBatchedTokens();
    List<Integer> order = new ArrayList<>();
    for (int slot = 0; slot < slots.length; slot++) {
      order.add(slot);
    }
    Collections.shuffle(order, random);
    for (int slot : order) {
      boolean mayRun = slots[slot] != null && rows.size() < spec.maxNumRows() && tokensLeft > 0;
      if (mayRun && random.nextInt(5) > 0) {
        tokensLeft -= writeRow(slot, slots[slot], tokensLeft);
      }
    }
    int maxCopies = Math.min(3, PlanCheck.maxBlockCopies(spec) + 1);
    for (int i = random.nextInt(maxCopies); i > 0; i--) {
      writer.copyBlock(block(), block());
    }
    rewriteTables();
    return writer.write();
  }

  /** Writes places again, maybe several times; what counts is the last write. */
  private void rewriteTables() {
    int slot = random.nextInt(slots.length);
    boolean hasTable = slots[slot] != null && slots[slot].numBlocks > 0;
    for (int i = random.nextInt(6); hasTable && i > 0; i--) {
      if (numWrites < PlanCheck.maxTableWrites(spec)) {
        numWrites++;
        writer.block(slot, random.nextInt(slots[slot].numBlocks), block());
      }
    }
  }

  /** Learns what the step of the last plan yielded. */
  void apply(StepResult result) {
    for (int row = 0; row < rows.size(); row++) {
      Sequence sequence = rows.get(row);
      sequence.numComputed += sequence.numComputing;
      for (int i = 0; i < result.numTokens(row); i++) {
        sequence.tokens.add(result.token(row, i));
        sequence.isLastOnDevice = true;
      }
      sequence.numComputed += Math.max(0, result.numTokens(row) - 1);
      boolean ends = sequence.tokens.size() >= spec.maxModelLen() || result.isFailedRow(row);
      for (int slot = 0; ends && slot < slots.length; slot++) {
        if (slots[slot] == sequence) {
          slots[slot] = null;
          writer.detach(slot);
        }
      }
    }
  }

  private int block() {
    return 1 + random.nextInt(spec.numBlocks() - 1);
  }

  // ---- slots

  private void detachSome() {
    for (int slot = 0; slot < slots.length; slot++) {
      if (slots[slot] != null && random.nextInt(12) == 0) {
        writer.detach(slot);
        if (random.nextBoolean()) {
          preempted.add(slots[slot]);
        }
        slots[slot] = null;
      }
    }
  }

  private void attachSome() {
    for (int slot = 0; slot < slots.length; slot++) {
      if (slots[slot] == null && random.nextInt(3) > 0) {
        boolean resumes = !preempted.isEmpty() && random.nextBoolean();
        Sequence sequence = resumes ? preempted.remove(0) : newSequence();
        sequence.numComputed = 0;
        sequence.numBlocks = 0;
        sequence.isLastOnDevice = false;
        slots[slot] = sequence;
        boolean tells = sequence.request.sampling().hasPenalties();
        int[] known = sequence.known(0, tells ? sequence.tokens.size() : 0);
        writer.attach(slot, sequence.request, 0, sequence.request.id() * 77, known);
        if (random.nextInt(3) == 0) {
          // A prefix that was in the cache.
          int numCached = random.nextInt(sequence.tokens.size());
          writeTable(slot, sequence, numCached);
          sequence.numComputed = numCached;
        }
      }
    }
  }

  private Sequence newSequence() {
    int maxPrompt = Math.max(1, spec.maxModelLen() / 2);
    int[] prompt =
        random.ints(1 + random.nextInt(maxPrompt), 0, spec.vocabularySize()).toArray();
    return new Sequence(
        Request.builder(++numRequests, prompt).sampling(parameters()).build());
  }

  private SamplingParameters parameters() {
    SamplingParameters.Builder builder = SamplingParameters.builder().maxNewTokens(1000);
    if (random.nextBoolean()) {
      builder.temperature(0.1f + random.nextFloat());
    }
    if (random.nextInt(3) == 0) {
      builder.topK(1 + random.nextInt(spec.vocabularySize()));
      builder.topP(1 - random.nextFloat());
    }
    if (random.nextInt(3) == 0) {
      builder.presencePenalty(4 * random.nextFloat() - 2).repetitionPenalty(1.3f);
      builder.frequencyPenalty(4 * random.nextFloat() - 2);
    }
    if (random.nextInt(3) == 0) {
      Map<Integer, Float> biases = new HashMap<>();
      for (int i = random.nextInt(20); i >= 0; i--) {
        biases.put(random.nextInt(spec.vocabularySize()), random.nextFloat() * 20 - 10);
      }
      builder.logitBias(biases);
    }
    if (random.nextInt(3) == 0) {
      builder.stopTokenIds(random.ints(5, 0, spec.vocabularySize()).toArray());
      builder.minNewTokens(random.nextInt(10));
    }
    if (random.nextInt(3) == 0) {
      builder.numLogprobs(random.nextInt(2 + Math.min(4, spec.maxNumLogprobs())) - 1);
    }
    return builder.build();
  }

  // ---- rows

  /** Returns how many tokens it has, placeholders counted in. */
  private int writeRow(int slot, Sequence sequence, int tokensLeft) {
    if (sequence.numComputed > 0 && random.nextInt(10) == 0) {
      takeBack(sequence);
    }
    int start = sequence.numComputed;
    int numPending = sequence.tokens.size() - start;
    int numKnown = Math.min(numPending, tokensLeft);
    if (random.nextInt(4) == 0) {
      numKnown = 1 + random.nextInt(numKnown);
    }
    boolean isSampled = numKnown == numPending;
    int[] known = sequence.known(start, start + numKnown);
    int room = Math.min(tokensLeft - numKnown, spec.maxModelLen() - start - numKnown);
    int numDrafts = isSampled ? random.nextInt(Math.min(room, spec.maxNumDraftTokens()) + 1) : 0;
    writeTable(slot, sequence, start + numKnown + numDrafts);
    if (!isSampled) {
      writer.row(slot, start, known);
    } else if (numKnown == 1 && sequence.isLastOnDevice && random.nextInt(4) > 0) {
      writer.rowOnDevice(slot, start);
    } else {
      writer.sampledRow(slot, start, known);
    }
    boolean verifies = numDrafts > 0 && writeDrafts(numDrafts);
    if (isSampled && spec.supportsMasks() && random.nextInt(3) == 0) {
      writeMasks(verifies ? numDrafts : 0);
    }
    sequence.numComputing = numKnown;
    rows.add(sequence);
    return numKnown + numDrafts;
  }

  /** Goes back, as a draft model does, and may know other tokens from there on. */
  private void takeBack(Sequence sequence) {
    sequence.numComputed = random.nextInt(sequence.numComputed);
    sequence.isLastOnDevice = false;
    if (random.nextBoolean()) {
      int length = sequence.numComputed + 1;
      sequence.tokens.subList(length, sequence.tokens.size()).clear();
      sequence.tokens.set(length - 1, random.nextInt(spec.vocabularySize()));
    }
  }

  private void writeTable(int slot, Sequence sequence, int numTokens) {
    int numNeeded = (numTokens + spec.blockSize() - 1) / spec.blockSize();
    while (sequence.numBlocks < numNeeded) {
      numWrites++;
      writer.block(slot, sequence.numBlocks++, block());
    }
  }

  /** Returns false when the drafts are placeholders. */
  private boolean writeDrafts(int numDrafts) {
    int kind = random.nextInt(spec.verifiesTrees() ? 3 : 2);
    if (kind == 0) {
      writer.placeholders(numDrafts);
      return false;
    }
    int[] drafts = new int[numDrafts];
    int[] parents = new int[numDrafts];
    for (int draft = 0; draft < numDrafts; draft++) {
      drafts[draft] = random.nextInt(spec.vocabularySize());
      boolean isBranch = kind == 2 && random.nextBoolean();
      parents[draft] = isBranch ? random.nextInt(draft + 1) - 1 : draft - 1;
      for (int other = 0; other < draft; other++) {
        boolean isTwin = parents[other] == parents[draft] && drafts[other] == drafts[draft];
        // A chain below: no draft has it as its parent yet.
        parents[draft] = isTwin ? draft - 1 : parents[draft];
      }
    }
    if (kind == 1) {
      writer.drafts(drafts);
    } else {
      writer.draftTree(drafts, parents);
    }
    return true;
  }

  private void writeMasks(int numDrafts) {
    for (int index = 0; index <= numDrafts; index++) {
      int count = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(spec.vocabularySize());
      int[] permitted = random.ints(count, 0, spec.vocabularySize()).toArray();
      if (index == 0) {
        writer.mask(spec.vocabularySize(), permitted);
      } else {
        writer.maskBehind(index - 1, spec.vocabularySize(), permitted);
      }
    }
  }
}
