package dev.weft.engine.journal;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepResult;

/**
 * Writes what a step produced. A row is regular when it has the one token of a sampled row, or none
 * of another, and neither failed nor stopped; a run of them takes one or two bytes. Then come the
 * tokens, or the hashes of the blocks that they filled.
 */
final class ResultCodec {
  static final int IS_IRREGULAR = 1;
  static final int IS_FAILED = 1;
  static final int STOPS = 2;
  static final int ENDS_BLOCK = 4;
  /** Most bytes of a draft. */
  static final int MAX_DRAFT_SIZE = 9;
  /** Most bytes of the parent of a draft. */
  static final int MAX_PARENT_SIZE = 5;
  /** Most bytes of what comes before the rows. */
  static final int MAX_HEAD_SIZE = 64;
  private final SequenceBook book;
  private final Introductions introductions;
  private final TokenForm form;
  private final TokenHashes hashes;

  ResultCodec(
      SequenceBook book, Introductions introductions, TokenForm form, TokenHashes hashes) {
    this.book = book;
    this.introductions = introductions;
    this.form = form;
    this.hashes = hashes;
  }

  /** Most bytes of one row. */
  static int maxRowSize(int maxNumDraftTokens) {
    return 16 + 5 * (maxNumDraftTokens + 1);
  }

  /** Writes the rows of a completed step and notes its tokens in the book. */
  void write(StepResult result, SequenceBook.InFlight step, RecordWriter out) {
    int numRows = step.numRows;
    int numRegular = 0;
    for (int row = 0; row < numRows; row++) {
      int numTokens = result.numTokens(row);
      boolean isFailed = result.isFailedRow(row);
      boolean stops = form == TokenForm.HASHED && numTokens > 0
          && book.hasStopTokens[step.place[row]] && book.isCurrent(step, row)
          && stops(step.place[row], numTokens, result.token(row, numTokens - 1));
      if (!isFailed && !stops && numTokens == (step.isSampled[row] ? 1 : 0)) {
        numRegular++;
      } else {
        numRegular = flush(numRegular, out);
        int flags = (isFailed ? IS_FAILED : 0) | (stops ? STOPS : 0);
        out.number(((long) numTokens << 2 | flags) << 1 | IS_IRREGULAR);
      }
    }
    flush(numRegular, out);
    writeTokens(result, step, out);
  }

  private static int flush(int numRegular, RecordWriter out) {
    if (numRegular > 0) {
      out.number((long) numRegular << 1);
    }
    return 0;
  }

  /** The scheduler's rule: whether the token, the last of so many more, ends the output. */
  boolean stops(int place, int numMore, int token) {
    SamplingParameters sampling = introductions.request(place).sampling();
    int numOutput = book.numTokens[place] + numMore - book.numPrompt[place];
    return numOutput >= sampling.minNewTokens() && sampling.isStopToken(token);
  }

  /**
   * Writes what must be known of the draft that would be the {@code numMore}th token from now on.
   */
  void writeDraft(int place, int numMore, int token, RecordWriter out) {
    int numKnown = book.numTokens[place] + numMore;
    boolean isBlockEnd = hashes.isBlockEnd(numKnown);
    boolean stops = book.hasStopTokens[place] && stops(place, numMore, token);
    hashes.addDraft(token);
    out.number((isBlockEnd ? ENDS_BLOCK : 0) | (stops ? STOPS : 0));
    if (isBlockEnd) {
      out.int64(hashes.draftValue(numKnown));
    }
  }

  private void writeTokens(StepResult result, SequenceBook.InFlight step, RecordWriter out) {
    for (int row = 0; row < step.numRows; row++) {
      int numTokens = result.numTokens(row);
      boolean counts = !result.isFailedRow(row) && book.isCurrent(step, row);
      for (int i = 0; i < numTokens; i++) {
        int token = result.token(row, i);
        if (form == TokenForm.CLEAR) {
          out.number(token);
        } else if (counts) {
          hashes.add(step.place[row], token);
        }
      }
      if (counts && numTokens > 0) {
        int place = step.place[row];
        int numKnown = book.numTokens[place] += numTokens;
        if (form == TokenForm.HASHED && hashes.isBlockEnd(numKnown)) {
          out.int64(hashes.value(place, numKnown));
        }
      }
    }
  }
}
