package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import java.util.Arrays;
import java.util.List;

/**
 * The same number of drafts for every sequence, read from a table by how many run: the batch-size
 * table of vLLM V1 (2026) and of TensorRT-LLM.
 *
 * <pre>
 * range 1..4 of 5, 8..16 of 2:    batch   1 2 3 4 5 6 7 8 … 16 17 …
 *                                 drafts  5 5 5 5 5 5 5 2 …  2  2
 * </pre>
 *
 * <p>A batch that goes to and fro across a border would change the length with every step, and with
 * it the shape of the step. With a hysteresis of h the length stays while some batch size at most h
 * away has it; so between two changes at one border the size moves by more than h. Cost O(sequences
 * + hysteresis).
 */
public final class DraftLengthByBatchSize implements DraftLengthPolicy {
  private static final int MAX_BATCH_SIZE = 1 << 16;
  private static final int NONE = -1;
  private final int[] lengthOfBatch;
  private final int hysteresis;
  private int length = NONE;

  /** Changes the length at once, as vLLM does. */
  public DraftLengthByBatchSize(List<Range> ranges) {
    this(ranges, 0);
  }

  /**
   * Makes the dense table.
   *
   * @param ranges     sorted, not overlapping, the first from 1; sizes between two ranges and
   *                   behind the last one have the length of the range before them
   * @param hysteresis in sequences, 0 or more
   * @throws IllegalArgumentException naming the first range that is wrong
   */
  public DraftLengthByBatchSize(List<Range> ranges, int hysteresis) {
    if (hysteresis < 0 || hysteresis > MAX_BATCH_SIZE) {
      throw new IllegalArgumentException(
          "hysteresis is " + hysteresis + ", must be 0 to " + MAX_BATCH_SIZE);
    }
    check(ranges);
    this.hysteresis = hysteresis;
    lengthOfBatch = new int[ranges.get(ranges.size() - 1).last() + 1];
    for (Range range : ranges) {
      Arrays.fill(lengthOfBatch, range.first(), lengthOfBatch.length, range.numDraftTokens());
    }
  }

  private static void check(List<Range> ranges) {
    if (ranges.isEmpty()) {
      throw new IllegalArgumentException("ranges is empty, must have one that begins at 1");
    }
    if (ranges.get(0).first() != 1) {
      throw new IllegalArgumentException(
          "range 0 begins at " + ranges.get(0).first() + ", must begin at 1");
    }
    for (int i = 1; i < ranges.size(); i++) {
      if (ranges.get(i).first() <= ranges.get(i - 1).last()) {
        throw new IllegalArgumentException("range " + i + " begins at " + ranges.get(i).first()
            + ", must begin behind the end of the one before, " + ranges.get(i - 1).last());
      }
    }
  }

  @Override public void choose(DraftLengths lengths) {
    int batchSize = Math.max(1, lengths.numRunning());
    if (!isNear(batchSize)) {
      length = lengthOf(batchSize);
    }
    for (int i = 0; i < lengths.numSequences(); i++) {
      lengths.set(i, Math.min(length, lengths.maxNumDraftTokens(i)));
    }
  }

  /** True when a batch size at most {@code hysteresis} away has the length that is in force. */
  private boolean isNear(int batchSize) {
    for (int i = -hysteresis; i <= hysteresis; i++) {
      if (lengthOf(Math.max(1, batchSize + i)) == length) {
        return true;
      }
    }
    return false;
  }

  private int lengthOf(int batchSize) {
    return lengthOfBatch[Math.min(batchSize, lengthOfBatch.length - 1)];
  }

  /**
   * Batch sizes that have one length.
   *
   * @param first          smallest batch size, 1 or more
   * @param last           largest one, included; at most 65,536
   * @param numDraftTokens 0 or more; cut at what can be verified
   */
  public record Range(int first, int last, int numDraftTokens) {
    /** Checks every number. */
    public Range {
      if (first < 1) {
        throw new IllegalArgumentException("first is " + first + ", must be 1 or more");
      }
      if (last < first || last > MAX_BATCH_SIZE) {
        throw new IllegalArgumentException(
            "last is " + last + ", must be " + first + " to " + MAX_BATCH_SIZE);
      }
      if (numDraftTokens < 0) {
        throw new IllegalArgumentException(
            "numDraftTokens is " + numDraftTokens + ", must be 0 or more");
      }
    }
  }
}
