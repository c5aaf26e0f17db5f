package dev.weft.testkit;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A plan as {@link PlanWriter} wrote it: plain lists, never used again. */
final class WrittenPlan implements StepPlan {
  long stepId;
  final List<Integer> detached = new ArrayList<>();
  final List<Attach> attached = new ArrayList<>();
  final List<int[]> tableWrites = new ArrayList<>();
  final List<int[]> copies = new ArrayList<>();
  final List<Row> rows = new ArrayList<>();

  WrittenPlan(long stepId) {
    this.stepId = stepId;
  }

  @Override public long stepId() {
    return stepId;
  }

  @Override public boolean isEmpty() {
    return detached.isEmpty() && attached.isEmpty() && rows.isEmpty();
  }

  @Override public int numDetached() {
    return detached.size();
  }

  @Override public int detachedSlot(int index) {
    return detached.get(index);
  }

  @Override public int numAttached() {
    return attached.size();
  }

  @Override public int attachedSlot(int index) {
    return attached.get(index).slot;
  }

  @Override public long attachedRequestId(int index) {
    return attached.get(index).requestId;
  }

  @Override public int attachedSampleIndex(int index) {
    return attached.get(index).sampleIndex;
  }

  @Override public SamplingParameters attachedSampling(int index) {
    return attached.get(index).sampling;
  }

  @Override public long attachedSeed(int index) {
    return attached.get(index).seed;
  }

  @Override public int attachedNumPromptTokens(int index) {
    return attached.get(index).numPromptTokens;
  }

  @Override public int attachedAdapterId(int index) {
    return attached.get(index).adapterId;
  }

  @Override public int attachedNumTokens(int index) {
    return attached.get(index).tokens.length;
  }

  @Override public int attachedToken(int index, int position) {
    return attached.get(index).tokens[position];
  }

  @Override public int numTableWrites() {
    return tableWrites.size();
  }

  @Override public int tableWriteSlot(int index) {
    return tableWrites.get(index)[0];
  }

  @Override public int tableWriteIndex(int index) {
    return tableWrites.get(index)[1];
  }

  @Override public int tableWriteBlock(int index) {
    return tableWrites.get(index)[2];
  }

  @Override public int numBlockCopies() {
    return copies.size();
  }

  @Override public int copySource(int index) {
    return copies.get(index)[0];
  }

  @Override public int copyTarget(int index) {
    return copies.get(index)[1];
  }

  @Override public int numRows() {
    return rows.size();
  }

  @Override public int numTokens() {
    int numTokens = 0;
    for (int row = 0; row < rows.size(); row++) {
      numTokens += rows.get(row).tokens.length;
    }
    return numTokens;
  }

  @Override public int slot(int row) {
    return rows.get(row).slot;
  }

  @Override public long requestId(int row) {
    return rows.get(row).owner.requestId;
  }

  @Override public int sampleIndex(int row) {
    return rows.get(row).owner.sampleIndex;
  }

  @Override public int startPosition(int row) {
    return rows.get(row).startPosition;
  }

  @Override public int numTokens(int row) {
    return rows.get(row).tokens.length;
  }

  @Override public int numDraftTokens(int row) {
    return rows.get(row).numDraftTokens;
  }

  @Override public boolean hasDraftTree(int row) {
    return rows.get(row).draftParents != null;
  }

  @Override public int draftParent(int row, int draft) {
    int[] parents = rows.get(row).draftParents;
    return parents == null ? draft - 1 : parents[draft];
  }

  @Override public int numDraftChoices(int row, int draft) {
    return rows.get(row).choices(draft).tokens.length;
  }

  @Override public int draftChoice(int row, int draft, int index) {
    return rows.get(row).choices(draft).tokens[index];
  }

  @Override public float draftProbability(int row, int draft, int index) {
    return rows.get(row).choices(draft).probabilities[index];
  }

  @Override public boolean hasPlaceholders(int row) {
    return rows.get(row).hasPlaceholders;
  }

  @Override public boolean isSampled(int row) {
    return rows.get(row).isSampled;
  }

  @Override public boolean isFirstTokenOnDevice(int row) {
    return rows.get(row).isFirstTokenOnDevice;
  }

  @Override public int token(int row, int offset) {
    return rows.get(row).tokens[offset];
  }

  @Override public boolean hasMask(int row) {
    return !rows.get(row).masks.isEmpty();
  }

  /** A draft behind which no mask was written permits everything. */
  @Override public long maskWord(int row, int index, int wordIndex) {
    long[] words = rows.get(row).masks.get(index);
    return words == null ? -1 : words[wordIndex];
  }

  @Override public int numPreempted() {
    return 0;
  }

  @Override public long preemptedRequestId(int index) {
    throw new IndexOutOfBoundsException(index);
  }

  @Override public int numReleased() {
    return 0;
  }

  @Override public long releasedRequestId(int index) {
    throw new IndexOutOfBoundsException(index);
  }

  /** A slot and its new owner. */
  static final class Attach {
    static final Attach NOBODY =
        new Attach(-1, -1, 0, SamplingParameters.builder().build(), 0, 0, 0, new int[0]);

    private final int slot;
    private final long requestId;
    private final int sampleIndex;
    private final SamplingParameters sampling;
    private final long seed;
    private final int numPromptTokens;
    private final int adapterId;
    private final int[] tokens;

    Attach(int slot, long requestId, int sampleIndex, SamplingParameters sampling, long seed,
        int numPromptTokens, int adapterId, int[] tokens) {
      this.slot = slot;
      this.requestId = requestId;
      this.sampleIndex = sampleIndex;
      this.sampling = sampling;
      this.seed = seed;
      this.numPromptTokens = numPromptTokens;
      this.adapterId = adapterId;
      this.tokens = tokens;
    }
  }

  /** One row; its owner is filled in when the plan is complete. */
  static final class Row {
    final int slot;
    private final int startPosition;
    int[] tokens;
    int numDraftTokens;
    boolean hasPlaceholders;
    boolean isSampled;
    boolean isFirstTokenOnDevice;
    int @Nullable [] draftParents;
    final Map<Integer, Choices> choices = new HashMap<>();
    /** By index, 0 behind the last known token and 1 + draft behind a draft. */
    final Map<Integer, long[]> masks = new HashMap<>();
    Attach owner = Attach.NOBODY;

    Row(int slot, int startPosition, int[] tokens) {
      this.slot = slot;
      this.startPosition = startPosition;
      this.tokens = tokens;
    }

    private Choices choices(int draft) {
      return choices.getOrDefault(draft, Choices.CERTAIN);
    }
  }

  /** What a draft was drawn from. */
  static final class Choices {
    private static final Choices CERTAIN = new Choices(new int[0], new float[0]);

    private final int[] tokens;
    private final float[] probabilities;

    Choices(int[] tokens, float[] probabilities) {
      this.tokens = tokens;
      this.probabilities = probabilities;
    }
  }
}
