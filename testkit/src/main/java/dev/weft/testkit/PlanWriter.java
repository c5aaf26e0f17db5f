package dev.weft.testkit;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.StepPlan;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes plans by hand, for tests of executors and checkers without a scheduler. It remembers
 * the owners of slots and the lengths of their tables, and checks nothing: it can write wrong plans
 * as well.
 *
 * <pre>{@code
 * PlanWriter writer = new PlanWriter();
 * writer.attach(0, request, seed).blocks(0, 1, 2).sampledRow(0, 0, 7, 8, 9);
 * executor.submit(writer.write());
 * executor.submit(writer.rowOnDevice(0, 3).write());
 * }</pre>
 */
public final class PlanWriter {
  private final Map<Integer, WrittenPlan.Attach> owners = new HashMap<>();
  private final Map<Integer, Integer> tableLengths = new HashMap<>();
  private WrittenPlan plan = new WrittenPlan(1);

  /** A writer of plans for an executor that has seen none. */
  public PlanWriter() {}

  /**
   * A writer that knows the same slots, and whose next plan has the id of the one being written.
   */
  public PlanWriter fork() {
    PlanWriter fork = new PlanWriter().stepId(plan.stepId);
    fork.owners.putAll(owners);
    fork.tableLengths.putAll(tableLengths);
    return fork;
  }

  /** Gives the plan being written another id. */
  public PlanWriter stepId(long stepId) {
    plan.stepId = stepId;
    return this;
  }

  public PlanWriter detach(int slot) {
    plan.detached.add(slot);
    return this;
  }

  /** Attaches sample 0 of a request; with penalties, its prompt is told as well. */
  public PlanWriter attach(int slot, Request request, long seed) {
    int[] prompt = new int[request.sampling().hasPenalties() ? request.numPromptTokens() : 0];
    request.copyPromptTokens(0, prompt, 0, prompt.length);
    return attach(slot, request, 0, seed, prompt);
  }

  /**
   * Attaches a sample of a request.
   *
   * @param tokens prompt and output known by now, for penalties; none when there are none
   */
  public PlanWriter attach(int slot, Request request, int sampleIndex, long seed, int... tokens) {
    WrittenPlan.Attach attach = new WrittenPlan.Attach(slot, request.id(), sampleIndex,
        request.sampling(), seed, request.numPromptTokens(), request.adapterId(), tokens.clone());
    plan.attached.add(attach);
    owners.put(slot, attach);
    tableLengths.put(slot, 0);
    return this;
  }

  /** Appends blocks to the slot's table. */
  public PlanWriter blocks(int slot, int... blocks) {
    for (int block : blocks) {
      block(slot, tableLengths.getOrDefault(slot, 0), block);
    }
    return this;
  }

  /** Writes one place of the slot's table. */
  public PlanWriter block(int slot, int index, int block) {
    tableLengths.merge(slot, index + 1, Math::max);
    plan.tableWrites.add(new int[] {slot, index, block});
    return this;
  }

  public PlanWriter copyBlock(int source, int target) {
    plan.copies.add(new int[] {source, target});
    return this;
  }

  /** A row that does not reach the last token of its sequence. */
  public PlanWriter row(int slot, int startPosition, int... tokens) {
    return add(slot, startPosition, tokens);
  }

  /** A row whose next token is sampled. */
  public PlanWriter sampledRow(int slot, int startPosition, int... tokens) {
    add(slot, startPosition, tokens);
    lastRow().isSampled = true;
    return this;
  }

  /** A sampled row of the one token that the slot sampled last. */
  public PlanWriter rowOnDevice(int slot, int startPosition) {
    sampledRow(slot, startPosition, -1);
    lastRow().isFirstTokenOnDevice = true;
    return this;
  }

  /** Appends drafts to the row written last. */
  public PlanWriter drafts(int... drafts) {
    WrittenPlan.Row row = lastRow();
    int numKnown = row.tokens.length;
    row.tokens = java.util.Arrays.copyOf(row.tokens, numKnown + drafts.length);
    System.arraycopy(drafts, 0, row.tokens, numKnown, drafts.length);
    row.numDraftTokens += drafts.length;
    return this;
  }

  /**
   * Appends drafts that are a tree to the row written last.
   *
   * @param drafts  their tokens
   * @param parents by draft: the draft that it follows, or -1 for the last known token
   */
  public PlanWriter draftTree(int[] drafts, int[] parents) {
    drafts(drafts);
    lastRow().draftParents = parents.clone();
    return this;
  }

  /** Says what a draft of the row written last was drawn from. */
  public PlanWriter choices(int draft, int[] tokens, float[] probabilities) {
    lastRow().choices.put(draft,
        new WrittenPlan.Choices(tokens.clone(), probabilities.clone()));
    return this;
  }

  /** Appends placeholder drafts to the row written last. */
  public PlanWriter placeholders(int numPlaceholders) {
    int[] drafts = new int[numPlaceholders];
    java.util.Arrays.fill(drafts, -1);
    drafts(drafts);
    lastRow().hasPlaceholders = true;
    return this;
  }

  /** Lets the row written last sample these tokens alone, behind its last known token. */
  public PlanWriter mask(int vocabularySize, int... permittedTokens) {
    return mask(0, words(vocabularySize, permittedTokens));
  }

  /** Permits these tokens alone behind a draft of the row written last. */
  public PlanWriter maskBehind(int draft, int vocabularySize, int... permittedTokens) {
    return mask(1 + draft, words(vocabularySize, permittedTokens));
  }

  private static long[] words(int vocabularySize, int... permittedTokens) {
    long[] words = new long[(vocabularySize + 63) / 64];
    for (int token : permittedTokens) {
      words[token >> 6] |= 1L << token;
    }
    return words;
  }

  private PlanWriter mask(int index, long[] words) {
    lastRow().masks.put(index, words);
    return this;
  }

  /** Ends the plan and begins the next one. */
  public StepPlan write() {
    WrittenPlan written = plan;
    for (WrittenPlan.Row row : written.rows) {
      row.owner = owners.getOrDefault(row.slot, WrittenPlan.Attach.NOBODY);
    }
    plan = new WrittenPlan(written.stepId + 1);
    return written;
  }

  private PlanWriter add(int slot, int startPosition, int[] tokens) {
    plan.rows.add(new WrittenPlan.Row(slot, startPosition, tokens.clone()));
    return this;
  }

  private WrittenPlan.Row lastRow() {
    return plan.rows.get(plan.rows.size() - 1);
  }
}
