package dev.weft.engine.journal;

/** Reads what {@link ResultCodec} wrote, and what stands before it. */
final class ReportedReader {
  private final boolean isClear;
  private final boolean isWhole;
  private final int vocabularySize;
  private final int blockSize;
  private final SequenceBook book;
  private final Vocabulary vocabulary;
  private final Decoder.StopListener stops;

  ReportedReader(Journal journal, SequenceBook book, Vocabulary vocabulary,
      Decoder.StopListener stops) {
    isClear = journal.tokens() == TokenForm.CLEAR;
    isWhole = journal.isWhole();
    vocabularySize = journal.setup().spec().vocabularySize();
    blockSize = journal.setup().spec().blockSize();
    this.book = book;
    this.vocabulary = vocabulary;
    this.stops = stops;
  }

  void read(RecordReader in, ReportedStep step) throws JournalFormatException {
    int length = in.int32();
    if (length < 0 || length > in.numLeft()) {
      throw in.broken("a result of " + length + " bytes, " + in.numLeft() + " follow");
    }
    int end = in.position() + length;
    step.stepId = in.number();
    step.deviceNanos = in.number();
    step.isFailed = in.number("outcome", 1) == 1;
    step.numRows = 0;
    step.isUnknown = book.numInFlight() == 0 || book.oldest().stepId != step.stepId;
    if (step.isUnknown) {
      if (isWhole) {
        throw in.broken("a result of step " + step.stepId + ", which is not in flight");
      }
      in.seek(end);
      return;
    }
    readRows(in, step);
    if (in.position() != end) {
      throw in.broken("a result ends " + (end - in.position()) + " bytes too early");
    }
  }

  private void readRows(RecordReader in, ReportedStep step) throws JournalFormatException {
    SequenceBook.InFlight launched = book.oldest();
    step.numRows = launched.numRows;
    book.retireOldest();
    if (step.isFailed) {
      book.discardUnread();
      for (int row = 0; row < step.numRows; row++) {
        step.numTokens[row] = 0;
        step.isFailedRow[row] = false;
      }
      return;
    }
    int row = 0;
    while (row < step.numRows) {
      long word = in.number();
      boolean isIrregular = (word & ResultCodec.IS_IRREGULAR) != 0;
      long numRows = isIrregular ? 1 : word >>> 1;
      if (numRows < 1 || numRows > step.numRows - row) {
        throw in.broken(numRows + " rows, " + (step.numRows - row) + " are missing");
      }
      for (int last = row + (int) numRows; row < last; row++) {
        int flags = isIrregular ? (int) (word >>> 1) & 3 : 0;
        long numTokens = isIrregular ? word >>> 3 : launched.isSampled[row] ? 1 : 0;
        if (numTokens > step.maxTokensPerRow()) {
          throw in.broken(numTokens + " tokens of a row, at most " + step.maxTokensPerRow());
        }
        step.numTokens[row] = (int) numTokens;
        step.isFailedRow[row] = (flags & ResultCodec.IS_FAILED) != 0;
        step.setToken(row, 0, (flags & ResultCodec.STOPS) != 0 ? vocabulary.stopToken() : 0);
      }
    }
    for (row = 0; row < step.numRows; row++) {
      readTokens(in, step, launched, row);
    }
  }

  private void readTokens(RecordReader in, ReportedStep step, SequenceBook.InFlight launched,
      int row) throws JournalFormatException {
    int numTokens = step.numTokens[row];
    int place = launched.place[row];
    step.place[row] = place;
    step.counts[row] = numTokens > 0 && !step.isFailedRow[row] && book.isCurrent(launched, row);
    step.firstOutput[row] = book.numTokens[place] - book.numPrompt[place];
    if (step.counts[row]) {
      book.numTokens[place] += numTokens;
    }
    if (isClear) {
      for (int i = 0; i < numTokens; i++) {
        step.setToken(row, i, in.number("token", vocabularySize - 1));
      }
    } else if (numTokens > 0) {
      int last = step.token(row, 0);
      step.setToken(row, 0, 0);
      if (step.counts[row] && book.numTokens[place] % blockSize == 0) {
        boolean isStop = last == vocabulary.stopToken();
        last = vocabulary.tokenOf(in.int64());
        if (isStop) {
          stops.onStop(place, last);
        }
      }
      step.setToken(row, numTokens - 1, last);
    }
  }
}
